"""Tokens are counted by what the backend is asked, whatever URL or content type a caller chooses for it."""
import asyncio
import json
import threading

import backends
from harness import Checks, Gateway, Setting, free_port, lines, native_documents, require, upstream_documents, wait_for

check = Checks("metering")
PROMPT, ANSWER = 40, 2500
CHAT = {"messages": [{"role": "user", "content": "a b c"}]}
PRICE = {"input_per_1k_tokens": 1, "output_per_1k_tokens": 2}
QUOTA = 10_000_000
QUOTAS = [{"tokens": QUOTA, "per": "month"}]
COST = (PROMPT * 1 + ANSWER * 2) / 1000
SPELLINGS = ["/v1/chat/completions/", "/v1//chat/completions", "/V1/Chat/Completions", "/v1/chat/completions;a=b"]


class Model:
    """Looks at no content type, and at the path as tolerant servers do; each whole answer has the same usage."""

    async def answer(self, request, reply):
        path = "/".join(part.partition(";")[0] for part in request.path.lower().split("/") if part)
        if path.startswith("busy/"):
            return await reply.json(int(path[5:]), {})
        body = json.loads(request.body or "{}")
        if path == "v1/responses":
            await self.respond(reply, body)
        elif path == "v1/messages":
            await self.message(reply)
        elif path == "v1/chat/completions":
            await self.chat(reply, body)
        else:
            await reply.json(404, backends.error("no such path"))

    async def chat(self, reply, body):
        usage = {"prompt_tokens": PROMPT, "completion_tokens": ANSWER}
        if not body.get("stream"):
            return await reply.json(200, {"choices": [{"message": {"content": "x"}}], "usage": usage})
        reply.start_events()
        await self.events(reply, {"choices": [{"delta": {"content": "x"}}]}, body.get("endless"))
        if (body.get("stream_options") or {}).get("include_usage"):
            await reply.event(json.dumps({"choices": [], "usage": usage}))
        await reply.event("[DONE]")
        await reply.end()

    async def message(self, reply):
        reply.start_events()
        usage = {"input_tokens": PROMPT, "output_tokens": 1}
        await reply.event(json.dumps({"type": "message_start", "message": {"usage": usage}}))
        await self.events(reply, {"type": "content_block_delta", "delta": {"text": "x"}}, endless=True)

    async def respond(self, reply, body):
        usage = {"input_tokens": PROMPT, "output_tokens": ANSWER}
        if not body.get("stream"):
            return await reply.json(200, {"usage": usage})
        reply.start_events()
        await reply.event(json.dumps({"type": "response.created", "response": {"usage": None}}))
        await self.events(reply, {"type": "response.output_text.delta", "delta": "x"}, body.get("endless"))
        await reply.event(json.dumps({"type": "response.completed", "response": {"usage": usage}}))
        await reply.end()

    async def events(self, reply, event, endless):
        text = json.dumps(event)
        while endless:
            await reply.event(text)
            await asyncio.sleep(0.0005)
        for _ in range(5):
            await reply.event(text)


def call(gateway, path, body, deployment="plain", content_type="application/json", endpoint="chat"):
    """A whole answer, by the deployment that is named."""
    headers = {"api-key": gateway.key(endpoint), "content-type": content_type}
    if deployment:
        headers["azureml-model-deployment"] = deployment
    answer = gateway.request("POST", f"/demo/{endpoint}{path}", body, headers)
    require(answer.status == 200, f"{path} gave {answer.status}: {answer.content[:200]}")
    return answer


def used(gateway, endpoint="chat"):
    states = gateway.created("limits", "show", f"demo/{endpoint}")["state"]
    return next(state["used"] for state in states if state["limit"] == QUOTA)


def reported(gateway, endpoint="chat"):
    rows = gateway.created("usage", "show", "demo", "--by", "endpoint", "--endpoint", endpoint)["rows"]
    return (rows[0]["inputTokens"], rows[0]["outputTokens"], rows[0]["cost"]) if rows else (0, 0, 0)


def require_exact(gateway, calls):
    """Each of the calls counts exactly what its answer told, in the quota and in the report."""
    before, report = used(gateway), reported(gateway)
    for arguments in calls:
        call(gateway, *arguments)
    due = tuple(round(len(calls) * each, 6) for each in [PROMPT, ANSWER, COST])

    def found():
        now = reported(gateway)
        return used(gateway) - before, tuple(round(new - old, 6) for new, old in zip(now, report))
    try:
        wait_for(lambda: found() == (due[0] + due[1], due), 5, "the account")
    except Exception as problem:
        require(False, f"{found()} instead of {(due[0] + due[1], due)}: {problem}")


def check_paths(gateway):
    for name, path, deployment in [
            ("a scoring path that the deployment leads to chat", "/score", "scored"),
            ("a path that is chat behind the upstream's own /v1", "/chat/completions", "based")]:
        @check(f"tokens and money are counted on {name}, streamed or not")
        def _():
            require_exact(gateway, [(path, CHAT, deployment), (path, {**CHAT, "stream": True}, deployment)])

    @check("they are counted on every spelling of the path that a tolerant server takes for chat")
    def _():
        require_exact(gateway, [(path, {**CHAT, "stream": stream}) for path in SPELLINGS for stream in [False, True]])

    @check("a streamed response tells its usage in its last event")
    def _():
        require_exact(gateway, [("/v1/responses", {"stream": True, "max_output_tokens": 9000}),
                                ("/responses", {"stream": True}, "based"), ("/v1/responses", {})])

    @check("a response's max_output_tokens is reserved")
    def _():
        headers = {"api-key": gateway.key("small")}
        for path, bound in [("/v1/responses", "max_output_tokens"), ("/v1/chat/completions", "max_tokens")]:
            statuses = [gateway.request("POST", f"/demo/small{path}", {bound: most}, {
                **headers, "content-type": kind}).status for most, kind in [(5000, "application/json"),
                                                                            (5000, "text/plain")]]
            require(statuses == [429, 429], f"{path}: {statuses}")

    @check("a body is read whatever content type it claims")
    def _():
        kinds = ["text/plain", "application/octet-stream", "multipart/form-data; boundary=x",
                 "application/x-www-form-urlencoded"]
        require_exact(gateway, [("/v1/chat/completions", {**CHAT, "stream": True}, "plain", kind) for kind in kinds])


def check_cut(gateway):
    for name, path, body in [("chat", "/v1/chat/completions", {**CHAT, "stream": True, "endless": True}),
                             ("message", "/v1/messages", {**CHAT, "stream": True}),
                             ("response", "/v1/responses", {"stream": True, "endless": True})]:
        @check(f"a {name} stream that its client leaves counts the events that came")
        def _():
            before = used(gateway)
            connection = gateway.connection()
            connection.request("POST", f"/demo/chat{path}", json.dumps(body), {
                "api-key": gateway.key("chat"), "content-type": "application/json"})
            response = connection.getresponse()
            seen = 0
            for line in lines(response):
                seen += line.startswith(b"data: ")
                if seen > 1500:
                    break
            connection.sock.shutdown(2)
            connection.close()
            wait_for(lambda: used(gateway) - before >= 1490, 5, f"1,500 tokens, there are {used(gateway) - before}")
            return f"{used(gateway) - before} counted"


def check_busy(gateway):
    @check("a backend's 429 and 503 are passed on with Retry-After")
    def _():
        for status in [429, 503]:
            answer = gateway.request("POST", f"/demo/chat/busy/{status}", {}, {"api-key": gateway.key("chat")})
            told = answer.getheader("retry-after")
            require(answer.status == status and told == "1", f"{answer.status} with Retry-After {told}")


def check_worker(gateway):
    @check("the embedded worker's scoring path is counted as the chat that it is")
    def _():
        gateway.register_model()
        gateway.apply(native_documents("own").replace(
            "  tenant: demo\n", f"  tenant: demo\n  quotas: {json.dumps(QUOTAS)}\n", 1))
        body = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 5}
        due = 0
        for kind in ["application/json", "text/plain"]:
            answer = call(gateway, "/score", body, None, kind, endpoint="own")
            due += sum(json.loads(answer.content)["usage"][name] for name in ["prompt_tokens", "completion_tokens"])
        wait_for(lambda: used(gateway, "own") == due, 5, f"{used(gateway, 'own')} to become {due}")
        return f"{due} tokens"


setting = Setting()
port = free_port()
threading.Thread(target=backends.serve, args=[port, Model().answer], daemon=True).start()
with Gateway(setting, "metering", threads=2) as gateway:
    root = f"http://127.0.0.1:{port}"

    def deployment(weight, url, **more):
        return weight, {"upstream": {"urls": [url], **more}, "price": PRICE}
    gateway.apply("---\n".join([
        upstream_documents("chat", {
            "plain": deployment(100, root), "based": deployment(0, root + "/v1"),
            "scored": deployment(0, root, path={"strip_prefix": "/score", "add_prefix": "/v1/chat/completions"}),
        }, quotas=QUOTAS, rate_limits=[{"tokens": 9_000_000, "per": "hour"}]),
        upstream_documents("small", {"only": deployment(100, root)}, rate_limits=[{"tokens": 4000, "per": "hour"}]),
    ]), waits=False)
    check_paths(gateway)
    check_cut(gateway)
    check_busy(gateway)
    if setting.model:
        check_worker(gateway)
check.finish()
