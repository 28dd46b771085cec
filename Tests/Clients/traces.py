"""Traces as a collector gets them, and as backends see them: who is whose child, what is told, and what a bad collector costs."""
import concurrent.futures
import itertools
import json
import re
import statistics
import time
import urllib.request

from backends import OWN_MODEL
from collector import Collector
from harness import Checks, Gateway, Setting, free_port, new_id, require, to, upstream_documents, wait_for
from reviewing import Canaries, secret_answer, secret_form, tell
from scraping import shown_in_metrics

check = Checks("traces")
CHAT = {"model": OWN_MODEL, "messages": [{"role": "user", "content": "a b c"}], "max_tokens": 5}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7"
TOLD = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-(0[01])")


def told(headers):
    """Trace, span and flags that a backend was told."""
    found = TOLD.fullmatch(headers.get("traceparent", ""))
    require(found, f"the backend saw {headers.get('traceparent')!r}")
    return found.groups()


def metrics(gateway):
    token = (gateway.directory / "operator.token").read_text().strip()
    connection = gateway.connection(port=gateway.admin)
    connection.request("GET", "/metrics", headers={"authorization": f"Bearer {token}"})
    text = connection.getresponse().read().decode()
    connection.close()
    return {name: float(number) for name, number in re.findall(r"^(gatehouse_trace\S+) (\S+)$", text, re.M)}


def sent(gateway):
    return metrics(gateway)['gatehouse_traces_total{result="sent"}']


def dropped(gateway):
    return metrics(gateway)['gatehouse_traces_total{result="dropped"}']


class Caller:
    """Calls endpoints of `demo`, each call with an id of its own."""

    def __init__(self, gateway):
        self.gateway, self.keys = gateway, {}

    def __call__(self, endpoint, path="/score", body=None, headers=None, method="POST"):
        if endpoint not in self.keys:
            self.keys[endpoint] = self.gateway.key(endpoint)
        identifier = new_id()
        answer = self.gateway.request(method, f"/demo/{endpoint}{path}", body,
                                      {"api-key": self.keys[endpoint], "x-request-id": identifier, **(headers or {})})
        answer.id = identifier
        return answer


def seen(backend):
    with urllib.request.urlopen(f"http://127.0.0.1:{backend.port}/seen", timeout=5) as response:
        return json.load(response)


def check_calls(gateway, collector, call, backends):
    @check("a call is a server span with the call of its backend in it, which the backend was told")
    def _():
        answer = call("chat", "/v1/chat/completions", CHAT)
        require(answer.status == 200, f"{answer.status}")
        spans = collector.of(answer.id, 3)
        whole, (admission, client) = spans[0], spans[1:]
        require([(span.kind, span.name) for span in spans] == [
            ("SERVER", f"chat {OWN_MODEL}"), ("INTERNAL", "admission"), ("CLIENT", f"chat {OWN_MODEL}")], f"{spans}")
        require(whole.parent == "" and admission.parent == client.parent == whole.id, "parents")
        require(told(seen(backends["openai"])[answer.id]["headers"]) == (whole.trace, client.id, "01"), "what the backend saw")
        due = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "gatehouse", "gen_ai.request.model": OWN_MODEL,
               "gen_ai.request.max_tokens": 5, "gen_ai.usage.input_tokens": 3, "gen_ai.usage.output_tokens": 5,
               "http.response.status_code": 200, "gatehouse.tenant": "demo", "gatehouse.endpoint": "chat",
               "gatehouse.deployment": "only", "gatehouse.caller": "demo/chat#primary", "gatehouse.outcome": "completed"}
        require(due.items() <= whole.attributes.items(), f"{whole}")
        require(client.attributes["server.port"] == backends["openai"].port, f"{client}")
        require(whole.start <= admission.start <= admission.end <= client.start <= client.end <= whole.end + 1e-5, "times")
        require(abs(whole.start - time.time()) < 60 and not any(span.is_error for span in spans), "now, and well")
        require(whole.resource["service.name"] == "gate-of-traces" and whole.resource["service.version"], f"{whole.resource}")
        _, path, headers = collector.requests[0]
        require(path == "/v1/traces" and headers["content-type"] == "application/x-protobuf", f"{path} {headers}")
        require(headers["authorization"] == "Bearer the-collectors-token" and headers["x-scope-orgid"] == "demo", f"{headers}")

    @check("what callers ask of a model, and what its answer says of itself, are attributes of both spans, in each dialect")
    def _():
        asked = {**CHAT, "temperature": 0.25, "top_p": 1, "seed": -7}
        wanted = {"gen_ai.request.temperature": 0.25, "gen_ai.request.top_p": 1.0, "gen_ai.request.seed": -7,
                  "gen_ai.response.id": "a-1", "gen_ai.response.model": "gpt-of-today"}
        told, count = {"id": "a-1", "model": "gpt-of-today"}, 0
        for path, asks, body, more in dialects(told):
            tell(backends["told"], 200, {}, body)
            spans = collector.of(call("told", path, {**asked, **asks}).id, 3)
            for span in [spans[0], [span for span in spans if span.kind == "CLIENT"][0]]:
                require({**wanted, **more}.items() <= span.attributes.items(), f"{path}: {span}")
            count += 1
        tell(backends["told"], 200, {}, "[]")
        bare = collector.of(call("told", "/v1/chat/completions", CHAT).id, 3)[0]
        require(not [name for name in bare.attributes if name.startswith("gen_ai.response") or name in wanted], f"{bare}")
        return f"{count} answers"

    @check("a streamed call shows the wait for its first byte and how long the rest took")
    def _():
        answer = call("events", "/run?count=5&gap=0.2", method="GET")
        require(answer.status == 200, f"{answer.status}")
        spans = {span.name: span for span in collector.of(answer.id, 5)}
        require({"GET events", "admission", "GET only", "first token", "streaming"} == set(spans), f"{set(spans)}")
        stream, first, client = spans["streaming"], spans["first token"], spans["GET only"]
        require(stream.parent == first.parent == client.id, "parents")
        require(0.7 < stream.end - stream.start < 5 and first.end == stream.start, f"{stream.end - stream.start}")
        require(spans["GET events"].end - spans["GET events"].start >= stream.end - stream.start, "the whole is shorter")

    @check("a call that is sent again, and one that another deployment answers, have a span for each attempt")
    def _():
        for _ in range(4):
            answer = call("breaks", "/a", method="GET")
            require(answer.status == 200, f"{answer.status}")
            clients = [span for span in collector.of(answer.id, 3) if span.kind == "CLIENT"]
            if len(clients) == 2:
                break
        require(len(clients) == 2, "never sent again")
        first, second = clients
        require(first.is_error and first.attributes["error.type"] in ["send", "wait"], f"{first}")
        require(not second.is_error and second.attributes["http.request.resend_count"] == 1, f"{second}")
        tell(backends["told"], 503)
        answer = call("moves", "/a", {"x": 1})
        require(answer.status == 200 and answer.getheader("x-gatehouse-fallback") == "status_503", f"{answer.getheaders()}")
        spans = collector.of(answer.id, 4)
        blue, green = [span for span in spans if span.kind == "CLIENT"]
        require(blue.attributes["gatehouse.deployment"] == "blue" and blue.is_error, f"{blue}")
        require(blue.attributes["http.response.status_code"] == 503, f"{blue}")
        require(green.attributes["gatehouse.deployment"] == "green" and not green.is_error, f"{green}")
        require(spans[0].attributes["gatehouse.fallback"] == "status_503" and not spans[0].is_error, f"{spans[0]}")
        require(told(json.loads(answer.content)["headers"])[1] == green.id, "green was told another span")

    @check("a copy for a mirror has a span in its exchange, and the mirror was told it")
    def _():
        answer = call("copied", "/v1/chat/completions", CHAT)
        spans = collector.of(answer.id, 4)
        mirrored = [span for span in spans if span.attributes.get("gatehouse.mirror_of") == "blue"]
        live = [span for span in spans if span.kind == "CLIENT" and span not in mirrored]
        require(len(mirrored) == len(live) == 1 and mirrored[0].parent == live[0].parent == spans[0].id, f"{spans}")
        require(mirrored[0].attributes["gatehouse.deployment"] == "shadow", f"{mirrored}")
        for backend, span in [("openai", live[0]), ("shadow", mirrored[0])]:
            saw = wait_for(lambda: seen(backends[backend]).get(answer.id), 5, f"{backend} has it")
            require(told(saw["headers"]) == (spans[0].trace, span.id, "01"), backend)

    @check("what is refused, and what a backend fails at, is told with the rule")
    def _():
        refused = call("chat", "/v1/chat/completions", CHAT, {"api-key": "wrong"})
        require(refused.status == 401, f"{refused.status}")
        whole, admission = collector.of(refused.id, 2)
        require(whole.attributes["gatehouse.refusal"] == whole.attributes["error.type"] == "Unauthorized", f"{whole}")
        require(whole.attributes["gatehouse.tenant"] == "demo" and not whole.is_error, f"{whole}")
        gone = call("gone", "/x", {"x": 1})
        require(gone.status in [502, 503], f"{gone.status}")
        spans = collector.of(gone.id, 2)
        require(spans[0].is_error and spans[0].attributes["http.response.status_code"] == gone.status, f"{spans[0]}")


def dialects(told):
    """Path, what is asked beside, the answer with what it tells of itself, and the attributes of that; streams as lists."""
    choices = [{"finish_reason": "stop"}, {"finish_reason": "length"}]
    usage = {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 8},
             "completion_tokens_details": {"reasoning_tokens": 3}}
    chat = {"gen_ai.response.finish_reasons": ["stop", "length"], "gen_ai.usage.cache_read.input_tokens": 8,
            "gen_ai.usage.reasoning.output_tokens": 3, "gen_ai.usage.input_tokens": 9}
    pieces = [{**told, "choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": None}]},
              {**told, "choices": choices[:1]}, {**told, "choices": choices[1:]}, {**told, "choices": [], "usage": usage}]
    yield "/v1/chat/completions", {}, json.dumps({**told, "choices": choices, "usage": usage}), chat
    yield "/v1/chat/completions", {"stream": True}, [*map(json.dumps, pieces), "[DONE]"], {
        **chat, "gen_ai.request.stream": True}
    spent = {"input_tokens": 5, "output_tokens": 2, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 1}
    message = {"gen_ai.response.finish_reasons": ["end_turn"], "gen_ai.usage.cache_read.input_tokens": 4,
               "gen_ai.usage.cache_creation.input_tokens": 1}
    yield "/v1/messages", {}, json.dumps({**told, "type": "message", "stop_reason": "end_turn", "usage": spent}), message
    yield "/v1/messages", {"stream": True}, [json.dumps(event) for event in [
        {"type": "message_start", "message": {**told, "stop_reason": None, "usage": spent}},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "a"}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}}]], message
    whole = {**told, "object": "response", "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"},
             "usage": {"input_tokens": 5, "output_tokens": 2, "output_tokens_details": {"reasoning_tokens": 1}}}
    begun = {**told, "object": "response", "status": "in_progress", "incomplete_details": None}
    response = {"gen_ai.response.finish_reasons": ["max_output_tokens"], "gen_ai.usage.reasoning.output_tokens": 1,
                "gen_ai.conversation.id": "conv-1"}
    yield "/v1/responses", {"conversation": {"id": "conv-1"}}, json.dumps(whole), response
    yield "/v1/responses", {"conversation": "conv-1", "stream": True}, [json.dumps(event) for event in [
        {"type": "response.created", "response": begun}, {"type": "response.incomplete", "response": whole}]], response


def check_contexts(collector, call):
    @check("an incoming traceparent is followed where it is right, its flag obeyed, and its tracestate passed on")
    def _():
        answer = call("echo", "/a", headers={"traceparent": f"{PARENT}-01", "tracestate": "a=b , c=d"})
        headers = json.loads(answer.content)["headers"]
        whole = collector.of(answer.id, 3)[0]
        require(whole.trace == TRACE and whole.parent == "00f067aa0ba902b7", f"{whole}")
        require(told(headers)[0] == TRACE and told(headers)[2] == "01", f"{headers}")
        require(headers["tracestate"] == "a=b,c=d" and whole.message.trace_state == "a=b,c=d", f"{headers}")
        require(whole.message.flags & 0x301 == 0x301, f"{whole.message.flags:x}")

    @check("what is not sampled is passed on as such, and nothing is told of it")
    def _():
        answer = call("echo", "/a", headers={"traceparent": f"00-{TRACE[::-1]}-00f067aa0ba902b7-00", "tracestate": "a=b"})
        headers = json.loads(answer.content)["headers"]
        trace, span, flags = told(headers)
        require(trace == TRACE[::-1] and span != "00f067aa0ba902b7" and flags == "00", f"{headers}")
        require(headers["tracestate"] == "a=b", f"{headers}")
        collector.of(call("echo", "/b").id)
        require(not [span for span in collector.spans if span.trace == TRACE[::-1]], "it was told of")

    @check("an invalid traceparent is dropped with its tracestate, and a new trace begun")
    def _():
        wrong = ["", "wrong", PARENT, f"{PARENT}-1", f"{PARENT.upper()}-01", f"ff{PARENT[2:]}-01", f"{PARENT}-01-more",
                 f"00-{'0' * 32}-00f067aa0ba902b7-01", f"00-{TRACE}-{'0' * 16}-01", f"{PARENT}-01, {PARENT}-01"]
        for text in wrong:
            answer = call("echo", "/a", headers={"traceparent": text, "tracestate": "a=b"})
            headers = json.loads(answer.content)["headers"]
            whole = collector.of(answer.id, 3)[0]
            require(whole.trace != TRACE and whole.parent == "", f"{text}: {whole.trace} {whole.parent}")
            require(told(headers)[0] == whole.trace and "tracestate" not in headers, f"{text}: {headers}")
        later = call("echo", "/a", headers={"traceparent": f"cc{PARENT[2:]}-01-what-comes-later"})
        require(told(json.loads(later.content)["headers"])[0] == TRACE, "a later version")
        bad = call("echo", "/a", headers={"traceparent": f"{PARENT}-01", "tracestate": "no"})
        headers = json.loads(bad.content)["headers"]
        require(told(headers)[0] == TRACE and "tracestate" not in headers, f"{headers}")
        return f"{len(wrong)} of them"


def check_secrets(gateway, collector, call, backends):
    @check("no secret of a query, a header, a body or the configuration is in a span, a metric or a file")
    def _():
        made = canary = Canaries({"the caller's key": call.keys.setdefault("told", gateway.key("told")),
                                  "the collector's token": "the-collectors-token"})
        headers = {name: canary(f"request header {name}") for name in [
            "cookie", "x-goog-api-key", "proxy-authorization", "x-auth-token", "x-amz-security-token", "x-vault-token", "x-patient"]}
        headers["referer"] = f"https://a.test/from?code={canary('query of a referer')}"
        query = f"?sig={canary('query sig')}&code={canary('query code')}&note={canary('query note')}"
        body = {"password": canary("member"), "deep": [{"api_key": canary("deep member")}], "token": canary("jwt", "ey.{}.c2ln"),
                "messages": [{"name": canary("name"), "content": canary("content")}], "text": canary("text"), "user": canary("user")}
        tell(backends["told"], 200, *secret_answer(canary))
        ids = [call("told", f"/score/ghk_{canary('segment of the path')}{query}", body, headers).id]
        chat = {**CHAT, **body, "model": f"ghk_{canary('name of the model')}"}
        ids.append(call("told", f"/v1/chat/completions{query}", chat, headers).id)
        form, form_type = secret_form(canary)
        ids.append(call("told", "/score", form, {"content-type": form_type}).id)
        tell(backends["told"], 200, {}, [json.dumps({
            "delta": canary("event"),
            "id": f"ghk_{canary('id of an answer')}", "model": f"ghk_{canary('model of an answer')}",
            "choices": [{"finish_reason": f"ghk_{canary('reason of an answer')}", "delta": {"content": canary("delta")}}]})])
        chat = {**CHAT, **body, "conversation": f"ghk_{canary('name of a conversation')}"}
        ids.append(call("told", f"/v1/chat/completions{query}", chat, headers).id)
        tell(backends["told"], 500, {"www-authenticate": canary("www-authenticate")}, f"secret={canary('error body')}")
        ids.append(call("told", f"/score{query}", body, headers).id)
        ids.append(call("told", f"/score?api-key={canary('key in the query')}", body, headers).id)
        ids += [call("told", path, asked).id for path, asked in tell_no_identifiers(backends["told"], canary)]
        for identifier in ids:
            collector.of(identifier)
        told_of = b"".join(collector.bodies)
        files = [path for path in gateway.directory.rglob("*") if path.is_file()]
        found = [f"{place} in a span" for place in made.found_in(told_of)]
        found += [f"{place} in {path.name}" for path in files for place in made.found_in(path.read_bytes())]
        found += shown_in_metrics(gateway, made)
        require(len(made) >= 30 and not found, f"{found}")
        require(b"chat [credential]" in told_of and b"/score/[credential]" in told_of, "not all are told of")
        return f"{len(made)} secrets, {len(told_of)} bytes of spans"

    @check("the metrics say how many were sent, and the last ones come when the gateway stops")
    def _():
        def came():
            return len([span for span in collector.spans if span.kind == "SERVER" or "gatehouse.mirror_of" in span.attributes])
        wait_for(lambda: sent(gateway) == came(), 5, f"{sent(gateway)} were sent, {came()} came")
        require(dropped(gateway) == 0 and metrics(gateway)["gatehouse_trace_export_failures_total"] == 0, f"{metrics(gateway)}")
        last = [call("echo", "/last").id for _ in range(3)]
        gateway.process.terminate()
        require(gateway.process.wait(30) == 0, "the exit code")
        for identifier in last:
            collector.of(identifier, 3)


def tell_no_identifiers(backend, canary):
    """Calls whose fields that a span tells are no identifiers, what is asked and what the backend then answers, whole and
    streamed; and one whose answer is an error, of which none is told."""
    for form in ["ann+{}@example.com", "my secret {}", "{}é", "{}" + "-a" * 64]:
        for path, is_stream in itertools.product(["/v1/chat/completions", "/v1/messages", "/v1/responses"], [False, True]):
            name = lambda member: canary(f"{member} like {form:.20} at {path}{', streamed' * is_stream}", form)
            reason = name("reason")
            more, wrapper = {
                "/v1/chat/completions": ({"choices": [{"index": 0, "finish_reason": reason}]}, None),
                "/v1/messages": ({"type": "message", "stop_reason": reason}, "message"),
                "/v1/responses": ({"object": "response", "status": "incomplete", "incomplete_details": {"reason": reason}},
                                  "response")}[path]
            answer = {"id": name("id"), "model": name("model"), **more}
            event = {wrapper: answer} if wrapper else answer
            tell(backend, 200, {}, [json.dumps(event)] if is_stream else json.dumps(answer))
            asked = name("conversation")
            yield path, {**CHAT, "stream": is_stream, "conversation": {"id": asked} if is_stream else asked}
    tell(backend, 500, {}, json.dumps({"id": canary("id of an error"), "model": canary("model of an error"),
                                       "choices": [{"finish_reason": canary("reason of an error")}]}))
    yield "/v1/chat/completions", CHAT


def check_trouble(gateway, collector, call):
    def burst(count=40):
        started = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            times = list(pool.map(timed, range(count)))
        return statistics.median(times), max(times), time.monotonic() - started

    def timed(_):
        started = time.monotonic()
        require(call("echo", "/a").status == 200, "a request failed")
        return time.monotonic() - started

    @check("a collector that answers 503 and 429 is asked again when it says, and gets everything")
    def _():
        collector.answers = [(503, {"retry-after": "1"}), (429, {"retry-after": "3"})]
        before = len(collector.requests)
        identifier = call("echo", "/a").id
        collector.of(identifier, 3)
        first, second, third = [at for at, _, _ in collector.requests[before:before + 3]]
        require(1 <= second - first < 3 and 3 <= third - second < 5, f"{second - first:.1f} s, {third - second:.1f} s")
        wait_for(lambda: "traces are taken again" in gateway.log(), 5, "the exporter has read the answer")
        require(metrics(gateway)["gatehouse_trace_export_failures_total"] == 2 and dropped(gateway) == 0, f"{metrics(gateway)}")
        require(gateway.log().count("traces are not taken") == gateway.log().count("traces are taken again") == 1, "the log")

    @check("what a collector does not want is dropped and counted")
    def _():
        collector.answers, before = [(400, {})], dropped(gateway)
        call("echo", "/a")
        wait_for(lambda: dropped(gateway) == before + 1, 10, "it is counted")

    @check("what a collector says against a batch is one line of the log, whatever it is")
    def _():
        collector.rejection = said = "no\r\nroom\n{\"level\":\"info\"}\x1b[2J\u2028\x9b31m"
        collector.of(call("echo", "/a").id)
        lines = wait_for(lambda: [line for line in gateway.log().split("\n") if "traces are not taken whole" in line], 10, "a line")
        require(len(lines) == 1 and lines[0].isprintable(), f"{lines}")
        line = json.loads(lines[0])
        require(line["level"] == "warning" and line["message"].endswith(f"rejected 1 spans: {said}"), f"{line}")

    @check("a collector that hangs slows no request")
    def _():
        collector.answers = [30, 30]
        before = metrics(gateway)["gatehouse_trace_export_failures_total"]
        middle, longest, _ = burst()
        require(longest < 2, f"one request took {longest:.1f} s")
        wait_for(lambda: metrics(gateway)["gatehouse_trace_export_failures_total"] > before, 10, "it is counted")
        collector.of(call("echo", "/a").id)
        return f"{middle * 1000:.0f} ms a request"

    @check("without a collector requests are served as before, and what it would have got is dropped and counted")
    def _():
        wait_for(lambda: metrics(gateway)["gatehouse_traces_waiting"] == 0, 20, "nothing waits")
        collector.close()
        before = dropped(gateway)
        middle, longest, _ = burst()
        require(longest < 2, f"one request took {longest:.1f} s")
        wait_for(lambda: dropped(gateway) >= before + 40, 90, "they are counted")
        return f"{middle * 1000:.0f} ms a request"


def documents(backends):
    def at(name):
        return {"upstream": {"urls": [f"http://127.0.0.1:{backends[name].port}"]}}
    gone = {"upstream": {"urls": [f"http://127.0.0.1:{free_port()}"]}}
    return "---\n".join([
        upstream_documents("chat", to(backends["openai"])), upstream_documents("events", to(backends["events"])),
        upstream_documents("breaks", to(backends["breaking"])), upstream_documents("echo", to(backends["echo"])),
        upstream_documents("told", to(backends["told"])), upstream_documents("gone", {"only": (100, gone)}),
        upstream_documents("moves", {"blue": (100, at("told")), "green": (0, at("echo"))}, fallback=["green"]),
        upstream_documents("copied", {"blue": (100, at("openai")), "shadow": (0, at("shadow"))},
                           top="mirror_traffic: {shadow: 100}\n"),
    ])


setting, collector = Setting(), Collector()
MORE = (f"traces: {{endpoint: '{collector.url}', service: gate-of-traces, headers: "
        "{authorization: 'Bearer ${env:OTLP_TOKEN}', x-scope-orgid: demo}}\nsecrets: {env: [OTLP_TOKEN]}\n")
with Gateway(setting, "traces", more=MORE, environment={"OTLP_TOKEN": "the-collectors-token"}) as gateway:
    kinds = {"openai": "openai", "shadow": "openai", "events": "events", "breaking": "breaking", "echo": "echo", "told": "told"}
    backends = {name: gateway.backend(kind) for name, kind in kinds.items()}
    gateway.apply(documents(backends), waits=False)
    call = Caller(gateway)
    check_calls(gateway, collector, call, backends)
    check_contexts(collector, call)
    check_secrets(gateway, collector, call, backends)
collector.close()

collector = Collector()
VARIABLES = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_EXPORTER_OTLP_TIMEOUT": "1000"}
with Gateway(setting, "trouble", environment=VARIABLES) as gateway:
    gateway.apply(upstream_documents("echo", to(gateway.backend("echo"))))
    check_trouble(gateway, collector, Caller(gateway))

with Gateway(setting, "untold") as gateway:
    @check("without a collector the gateway passes on what came and tells nobody")
    def _():
        gateway.apply(upstream_documents("echo", to(gateway.backend("echo"))))
        sent_headers = {"traceparent": f"{PARENT}-00", "tracestate": "a=b"}
        headers = json.loads(Caller(gateway)("echo", "/a", headers=sent_headers).content)["headers"]
        require(sent_headers.items() <= headers.items(), f"{headers}")
        require(set(metrics(gateway).values()) == {0}, f"{metrics(gateway)}")
check.finish()
