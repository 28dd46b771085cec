"""A run of requests whose every count is known, and the account of what `/metrics` should say of it."""
import json
import threading
import time
import urllib.request

from backends import OWN_MODEL
from harness import free_port, require, to, upstream_documents, wait_for
from reviewing import tell
from scraping import page, place, sample, samples

CHAT = {"model": OWN_MODEL, "messages": [{"role": "user", "content": "a b c"}]}
STREAM = {**CHAT, "stream": True, "stream_options": {"include_usage": True}}
TEXT = {"model": OWN_MODEL, "prompt": "a b"}
# Seconds before each word of a stream, how many words it has, and how many streams.
PACE, PACED_WORDS, PACED = 0.12, 5, 4
PACED_STREAM = {**STREAM, "words": PACED_WORDS}
# Between the end of an answer and the end of its exchange, in seconds.
AFTERWARDS = 0.05


def get(backend, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{backend.port}{path}", timeout=5) as response:
        return json.load(response)


class Script:
    """Sends requests and keeps the account of what the metrics should say of them."""

    def __init__(self, gateway):
        self.gateway, self.due = gateway, {}
        # Of streams, how long each took until its first byte and as a whole, as the caller saw it.
        self.firsts, self.wholes = [], []

    def count(self, name, by=1, **labels):
        key = sample(name, **labels)
        self.due[key] = self.due.get(key, 0) + by

    def ask(self, method, endpoint, path, body=None, key=None, status=200):
        answer = self.gateway.request(method, f"/demo/{endpoint}{path}", body, {"api-key": key or self.gateway.key(endpoint)})
        require(answer.status == status, f"{endpoint}{path} gave {answer.status}: {answer.content[:200]}")
        return answer

    def account(self, where, body, content, status=200, outcome="completed"):
        """Of one request that a deployment was asked: itself and its bytes."""
        self.count("gatehouse_requests_total", status=str(status), outcome=outcome, **where)
        self.count("gatehouse_request_duration_seconds_count", **where)
        for name, size in [("request", 0 if body is None else len(json.dumps(body))), ("response", len(content))]:
            if size:
                self.count(f"gatehouse_{name}_bytes_total", size, **where)

    def account_call(self, where, operation, tokens, is_stream):
        """Of one call of a model that was answered."""
        call = self.call(where, operation)
        self.count("gen_ai_server_request_duration_seconds_count", **call)
        for kind, tokens_of_kind in zip(["input", "output"], tokens):
            self.count("gatehouse_tokens_total", tokens_of_kind, type=kind, **where)
            self.count("gen_ai_client_token_usage_count", gen_ai_token_type=kind, **call)
            self.count("gen_ai_client_token_usage_sum", tokens_of_kind, gen_ai_token_type=kind, **call)
        if is_stream:
            self.count("gen_ai_server_time_to_first_token_seconds_count", **call)
            self.count("gen_ai_server_time_per_output_token_seconds_count", **call)

    @staticmethod
    def call(where, operation="chat"):
        return {"gen_ai_operation_name": operation, "gen_ai_provider_name": "gatehouse",
                "gen_ai_request_model": where["endpoint"], **where}

    def send(self, endpoint, deployment, path, body, operation="chat", tokens=(3, 7)):
        answer = self.ask("POST", endpoint, path, body)
        where = place(endpoint, deployment)
        self.account(where, body, answer.content)
        self.account_call(where, operation, tokens, body.get("stream"))
        return answer

    def chat(self, endpoint, deployment="only", body=CHAT):
        return self.send(endpoint, deployment, "/v1/chat/completions", body)

    def refused(self, endpoint, status, rule, key=None):
        """Before a deployment was chosen: whose it is is known, by the key or else by the URL."""
        self.ask("POST", endpoint, "/v1/chat/completions", CHAT, key, status)
        where = place(endpoint, "")
        self.count("gatehouse_requests_total", status=str(status), outcome="refused", **where)
        self.account_rule(where, rule)

    def account_rule(self, where, rule):
        self.count("gatehouse_errors_total", rule=rule, **where)
        if rule in ["RateLimitExceeded", "QuotaExceeded", "QueueWaitOver"]:
            self.count("gatehouse_limits_refused_total", rule=rule, **where)

    # MARK: Parts of the run

    def fails(self):
        """A backend that breaks off: the gateway's own answer, and an error of the call."""
        answer = self.ask("POST", "fails", "/v1/chat/completions", CHAT, status=502)
        where = place("fails")
        self.account(where, CHAT, answer.content, 502, "failed")
        self.account_rule(where, "UpstreamFailed")
        self.count("gen_ai_server_request_duration_seconds_count", error_type="502", **self.call(where))

    def breaks(self):
        """Each request but the first finds a kept connection that breaks off, and is sent again over another."""
        for number in range(4):
            answer = self.ask("GET", "breaks", "/a")
            self.account(place("breaks"), None, answer.content)
            if number:
                self.count("gatehouse_retries_total", **place("breaks"))

    def falls_back(self):
        """Blue is never ready, or says that it is not: then green is a second attempt."""
        for endpoint, reason, attempts in [("moves", "no_healthy_instance", 1), ("falls", "status_503", 2)]:
            for _ in range(2):
                answer = self.chat(endpoint, "green")
                told = answer.getheader("x-gatehouse-fallback")
                require(told == reason, f"{endpoint}: {told} instead of {reason}")
                self.count("gatehouse_fallbacks_total", reason=reason, **place(endpoint, "green"))
                if attempts > 1:
                    self.count("gatehouse_retries_total", attempts - 1, **place(endpoint, "green"))

    def waits_in_vain(self, gate):
        """One holds the only place until another has waited for it as long as it may."""
        answers = []
        first = threading.Thread(target=lambda: answers.append(self.ask("POST", "narrow", "/a", {})))
        first.start()
        try:
            wait_for(lambda: get(gate, "/held")["held"] == 1, 10, "the first has the place")
            late = self.ask("POST", "narrow", "/a", {}, status=429)
        finally:
            get(gate, "/open")
            first.join()
        self.account(place("narrow"), {}, answers[0].content)
        self.account(place("narrow"), {}, late.content, 429, "refused")
        self.account_rule(place("narrow"), "QueueWaitOver")

    def paced(self):
        """Streams at once, word by word."""
        key, answers = self.gateway.key("paced"), []

        def ask():
            began, connection = time.monotonic(), self.gateway.connection()
            connection.request("POST", "/demo/paced/v1/chat/completions", json.dumps(PACED_STREAM), {"api-key": key})
            response = connection.getresponse()
            content = response.read(1)
            first = time.monotonic() - began
            content += response.read()
            answers.append((response.status, content, first, time.monotonic() - began))
            connection.close()
        callers = [threading.Thread(target=ask) for _ in range(PACED)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        require([status for status, *_ in answers] == [200] * PACED, f"{answers}")
        for _, content, first, whole in answers:
            self.account(place("paced"), PACED_STREAM, content)
            self.account_call(place("paced"), "chat", (1, PACED_WORDS), True)
            self.firsts.append(first + AFTERWARDS)
            self.wholes.append(whole + AFTERWARDS)


def documents(backends):
    fake, gone = to(backends["openai"])["only"][1], {"upstream": {"urls": [f"http://127.0.0.1:{free_port()}"]}}
    ill = to(backends["ill"])["only"][1]
    return "---\n".join([
        upstream_documents("chat", {"only": (100, fake)}),
        upstream_documents("few", {"only": (100, fake)}, rate_limits=[{"requests": 1, "per": "hour"}]),
        upstream_documents("spent", {"only": (100, fake)}, quotas=[{"requests": 1, "per": "month"}]),
        upstream_documents("narrow", to(backends["gate"], max_concurrent_requests_per_instance=1, max_queue_wait_ms=100)),
        upstream_documents("fails", to(backends["broken"])),
        upstream_documents("breaks", to(backends["breaking"])),
        upstream_documents("moves", {"blue": (100, gone), "green": (0, fake)}, fallback=["green"]),
        upstream_documents("falls", {"blue": (100, ill), "green": (0, fake)}, fallback=["green"]),
        upstream_documents("copied", {"blue": (100, fake), "shadow": (0, fake)}, top="mirror_traffic: {shadow: 100}\n"),
        upstream_documents("paced", to(backends["wordy"])),
    ])


def scripted(gateway):
    """Makes the run, and returns its script."""
    backends = {name: gateway.backend(name) for name in ["openai", "gate", "breaking"]}
    backends["broken"] = gateway.backend("breaking", "--answers", 0)
    backends["wordy"], backends["ill"] = gateway.backend("wordy", "--delay", PACE), gateway.backend("told")
    tell(backends["ill"], 503)
    gateway.apply(documents(backends), waits=False)
    # From then on nobody tries blue, which never was ready.
    ready = sample("gatehouse_instances_ready", **place("moves", "green"))
    wait_for(lambda: samples(page(gateway)[2])[ready] == 1, 10, "green is ready")
    script = Script(gateway)
    for _ in range(3):
        script.chat("chat")
    for _ in range(2):
        script.chat("chat", body=STREAM)
    script.send("chat", "only", "/v1/completions", TEXT, "text_completion", (2, 7))
    for _ in range(4):
        script.refused("chat", 401, "Unauthorized", key="wrong")
    for endpoint, rule in [("few", "RateLimitExceeded"), ("spent", "QuotaExceeded")]:
        script.chat(endpoint)
        for _ in range(2):
            script.refused(endpoint, 429, rule)
    script.waits_in_vain(backends["gate"])
    script.fails()
    script.breaks()
    script.falls_back()
    for _ in range(3):
        script.chat("copied", "blue")
        script.count("gatehouse_mirrored_requests_total", outcome="completed", **place("copied", "shadow"))
    script.paced()
    return script
