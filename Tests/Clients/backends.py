"""Backends for the client programs: an OpenAI-style fake, and ones that log ids, send timed events, echo, or wait.

Run as `backends.py KIND --port PORT [--log FILE] [--name NAME] [--arrivals FILE]`; standard library only.
"""
import argparse
import asyncio
import collections
import json
import time
import weakref

OWN_MODEL = "acme/special-7b"
WORDS = ["Paris", " is", " the", " capital", " of", " France", "."]


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        self.path = target.partition("?")[0]


class Reply:
    """Writes one response on a connection that stays open."""

    def __init__(self, writer):
        self.writer = writer

    def head(self, status, headers):
        lines = [f"HTTP/1.1 {status} X"] + [f"{name}: {value}" for name, value in headers.items()]
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def json(self, status, value, headers=None):
        body = json.dumps(value).encode()
        self.head(status, {"content-type": "application/json", "content-length": len(body), **(headers or {})})
        self.writer.write(body)
        await self.writer.drain()

    def start_events(self):
        self.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})

    async def event(self, text):
        data = f"data: {text}\n\n".encode()
        self.writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        await self.writer.drain()

    async def end(self):
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()


async def read_body(reader, headers):
    if "chunked" in headers.get("transfer-encoding", ""):
        body = b""
        while size := int((await reader.readline()).split(b";")[0], 16):
            body += (await reader.readexactly(size + 2))[:size]
        while (await reader.readline()).strip():
            pass
        return body
    return await reader.readexactly(int(headers.get("content-length", 0)))


async def read_request(reader):
    line = (await reader.readline()).decode().split()
    if len(line) != 3:
        return None
    headers = {}
    while text := (await reader.readline()).decode().strip():
        name, _, value = text.partition(":")
        headers[name.lower()] = value.strip()
    return Request(line[0], line[1], headers, await read_body(reader, headers))


def noting(answer, path):
    """Notes each request's id and target in a file as it arrives, before anything becomes of it."""
    arrivals = open(path, "ab", buffering=0)

    async def noted(request, reply):
        if identifier := request.headers.get("x-request-id"):
            arrivals.write(f"{identifier} {request.target}\n".encode())
        await answer(request, reply)
    return noted


def serve(port, answer):
    async def connection(reader, writer):
        try:
            while request := await read_request(reader):
                await answer(request, Reply(writer))
        except (ConnectionError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            writer.close()

    async def main():
        server = await asyncio.start_server(connection, "127.0.0.1", port, backlog=1024)
        async with server:
            await server.serve_forever()

    asyncio.run(main())


class OpenAIFake:
    """Refuses every model name but its own; remembers what it was sent (`GET /seen`)."""

    def __init__(self):
        self.seen = {}

    async def answer(self, request, reply):
        if request.path == "/seen":
            return await reply.json(200, self.seen)
        if request.path == "/v1/models":
            return await reply.json(200, {"object": "list", "data": [{"id": OWN_MODEL, "object": "model"}]})
        try:
            body = json.loads(request.body)
        except ValueError:
            return await reply.json(400, error("the body is not JSON"))
        identifier = request.headers.get("x-request-id", "none")
        self.seen[identifier] = {"path": request.target, "headers": request.headers, "body": body}
        if body.get("model") != OWN_MODEL:
            return await reply.json(404, error(f"no model {body.get('model')!r}", "model_not_found"))
        is_chat = request.path == "/v1/chat/completions"
        if not is_chat and request.path != "/v1/completions":
            return await reply.json(404, error("no such path"))
        prompt = " ".join(m["content"] for m in body["messages"]) if is_chat else body["prompt"]
        words = WORDS[: body.get("max_tokens", len(WORDS))]
        usage = {"prompt_tokens": len(prompt.split()), "completion_tokens": len(words)}
        usage["total_tokens"] = sum(usage.values())
        frame = {"id": "fake-1", "created": int(time.time()), "model": OWN_MODEL}
        frame["object"] = ("chat.completion" if is_chat else "text_completion")
        if body.get("stream"):
            return await self.stream(reply, frame, words, usage, is_chat, body.get("stream_options") or {})
        piece = {"message": {"role": "assistant", "content": "".join(words)}} if is_chat else {"text": "".join(words)}
        choices = [{"index": 0, "finish_reason": "stop", "logprobs": None, **piece}]
        await reply.json(200, {**frame, "choices": choices, "usage": usage})

    async def stream(self, reply, frame, words, usage, is_chat, options):
        if is_chat:
            frame["object"] = "chat.completion.chunk"
        with_usage = {"usage": None} if options.get("include_usage") else {}
        reply.start_events()
        for index, word in enumerate(words):
            piece = {"delta": {"content": word}} if is_chat else {"text": word}
            finish = "stop" if index == len(words) - 1 else None
            choices = [{"index": 0, "finish_reason": finish, "logprobs": None, **piece}]
            await reply.event(json.dumps({**frame, "choices": choices, **with_usage}))
        if with_usage:
            await reply.event(json.dumps({**frame, "choices": [], "usage": usage}))
        await reply.event("[DONE]")
        await reply.end()


def error(message, code=None):
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}


class Logging:
    """Answers every request after a moment and logs its id just before; one line per request, unbuffered."""

    def __init__(self, name, log, delay):
        self.name, self.delay = name, delay
        self.log = open(log, "ab", buffering=0)

    async def answer(self, request, reply):
        await asyncio.sleep(self.delay)
        if "x-request-id" in request.headers:
            self.log.write(request.headers["x-request-id"].encode() + b"\n")
        await reply.json(200, {"answered_by": self.name})


class Events:
    """Sends `count` events `gap` seconds apart (query parameters), each with the time at which it was sent."""

    async def answer(self, request, reply):
        query = dict(pair.split("=") for pair in request.target.partition("?")[2].split("&") if "=" in pair)
        if request.method == "GET" and "count" not in query:
            return await reply.json(200, {})
        reply.start_events()
        for index in range(int(query["count"])):
            if index:
                await asyncio.sleep(float(query.get("gap", 0.2)))
            await reply.event(json.dumps({"index": index, "sent": time.time()}))
        await reply.event("[DONE]")
        await reply.end()


class Echo:
    """Answers with what it was sent and the port that it came from; with CORS headers that only the gateway may decide
    about."""

    async def answer(self, request, reply):
        await reply.json(200, {"method": request.method, "target": request.target, "headers": request.headers,
                               "peer": reply.writer.get_extra_info("peername")[1]}, {
            "access-control-allow-origin": "*", "access-control-allow-credentials": "true"})


class Gate:
    """Holds every request until `GET /open`; says how many it holds, and the paths in the order they came (`GET /held`)."""

    def __init__(self):
        self.gate, self.held, self.paths = asyncio.Event(), 0, []

    async def answer(self, request, reply):
        if request.path == "/open":
            self.gate.set()
        elif request.path == "/close":
            self.gate.clear()
            self.held, self.paths = 0, []
        elif request.path != "/held":
            self.held += 1
            self.paths.append(request.path)
            await self.gate.wait()
        await reply.json(200, {"held": self.held, "paths": self.paths})


class Half:
    """Fails every other request with 500, answers the others after a moment; says how many failed (`GET /failed`)."""

    def __init__(self, name, delay):
        self.name, self.delay, self.count, self.failed = name, delay, 0, 0

    async def answer(self, request, reply):
        if request.path == "/failed":
            return await reply.json(200, {"failed": self.failed})
        self.count += 1
        if self.count % 2 == 0:
            await asyncio.sleep(self.delay)
            return await reply.json(200, {"answered_by": self.name})
        self.failed += 1
        await reply.json(500, {})


class Breaking:
    """Answers the first request of a connection, or so many, and breaks off at the next without a byte."""

    def __init__(self, name, answers):
        self.name, self.answers, self.used = name, answers, weakref.WeakKeyDictionary()

    async def answer(self, request, reply):
        used = self.used.get(reply.writer, 0)
        if used == self.answers:
            raise ConnectionError
        self.used[reply.writer] = used + 1
        await reply.json(200, {"answered_by": self.name})


class Switch:
    """Answers `GET /ready` as `GET /become/STATUS` has set, 503 at first, never while that is 0; all else with 200."""

    def __init__(self):
        self.status, self.asked = 503, 0

    async def answer(self, request, reply):
        if request.path.startswith("/become/"):
            self.status = int(request.path.rpartition("/")[2])
        if request.path == "/ready":
            self.asked += 1
            if self.status == 0:
                await asyncio.sleep(3600)
            return await reply.json(self.status, {})
        await reply.json(200, {"asked": self.asked})


class Told:
    """Answers as `PUT /tell` has said last: `{"status", "headers", "body"}`, the body a text; a list of texts is events."""

    def __init__(self):
        self.answer_now = {"status": 200, "headers": {}, "body": "{}"}

    async def answer(self, request, reply):
        if request.path == "/tell":
            self.answer_now = json.loads(request.body)
            return await reply.json(200, {})
        said = self.answer_now
        if isinstance(said["body"], list):
            reply.start_events()
            for text in said["body"]:
                await reply.event(text)
            return await reply.end()
        body = said["body"].encode()
        reply.head(said["status"], {"content-length": len(body), **said["headers"]})
        reply.writer.write(body)
        await reply.writer.drain()


class Turns:
    """Answers after a moment, and tells when this request and the few before it were started (monotonic seconds)."""

    def __init__(self, delay):
        self.delay, self.running, self.most = delay, 0, 0
        self.starts = collections.deque(maxlen=8)

    async def answer(self, request, reply):
        answer = {"started": time.monotonic(), "earlier": list(self.starts)}
        self.starts.append(answer["started"])
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(self.delay)
        self.running -= 1
        await reply.json(200, {**answer, "most": self.most})


class Scorer:
    """Gives a picture's number its label, and says how long that took; `wrong` of 100 labels are wrong, and repeat the note of
    the request, and times are `slow` times as long. `"stream": true` has the label in events. Says what it was asked
    (`GET /seen`)."""

    def __init__(self, delay, wrong, slow):
        self.delay, self.wrong, self.slow = delay, wrong, slow
        self.seen = {"all": 0, "replayed": 0, "most": 0, "traced": 0, "credentials": 0}
        self.running = 0

    async def answer(self, request, reply):
        if request.path == "/seen":
            return await reply.json(200, self.seen)
        body = json.loads(request.body or b"{}")
        number = body.get("n", 0)
        self.seen["all"] += 1
        self.seen["replayed"] += "x-gatehouse-replay-of" in request.headers
        self.seen["traced"] += "traceparent" in request.headers
        self.seen["credentials"] += "api-key" in request.headers or "[credential]" in request.headers.values()
        self.running += 1
        self.seen["most"] = max(self.seen["most"], self.running)
        await asyncio.sleep(self.delay)
        self.running -= 1
        label = ["cat", "dog", "bird"][number % 3]
        if number % 100 < self.wrong:
            label = f"fish {body.get('note', '')}"
        frame = {"id": f"{time.monotonic_ns()}", "created": time.time()}
        if body.get("stream"):
            reply.start_events()
            for piece in [label[:2], label[2:]]:
                await reply.event(json.dumps({**frame, "choices": [{"index": 0, "delta": {"content": piece}}]}))
            await reply.event("[DONE]")
            return await reply.end()
        await reply.json(200, {**frame, "label": label, "timing_ms": (10 + number * 7 % 5) * self.slow})


class Wordy:
    """Answers with as many words as the request says in `words`, and `more` others, and with their number as usage, of a
    prompt of as many tokens as it says in `asked`, and `more`; `"stream": true` has a word in each event, `delay` seconds
    after the one before."""

    def __init__(self, more, delay):
        self.more, self.delay = more, delay

    async def answer(self, request, reply):
        body = json.loads(request.body or b"{}")
        words = ["same"] * body.get("words", 1) + ["other"] * self.more
        usage = {"prompt_tokens": body.get("asked", 1) + self.more, "completion_tokens": len(words)}
        usage["total_tokens"] = sum(usage.values())
        if not body.get("stream"):
            return await reply.json(200, {"said": " ".join(words), "usage": usage})
        reply.start_events()
        for word in words:
            await asyncio.sleep(self.delay)
            await reply.event(json.dumps({"choices": [{"index": 0, "delta": {"content": f"{word} "}}]}))
        await reply.event(json.dumps({"choices": [], "usage": usage}))
        await reply.event("[DONE]")
        await reply.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["openai", "logging", "events", "echo", "gate", "half", "breaking", "switch",
                                         "told", "turns", "scorer", "wordy"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log")
    parser.add_argument("--name", default="backend")
    parser.add_argument("--delay", type=float, default=0.005)
    parser.add_argument("--wrong", type=int, default=0)
    parser.add_argument("--slow", type=float, default=1)
    parser.add_argument("--more", type=int, default=0)
    parser.add_argument("--answers", type=int, default=1)
    parser.add_argument("--arrivals", help="note each request's id and target here as it arrives")
    options = parser.parse_args()
    kinds = {"openai": OpenAIFake, "events": Events, "echo": Echo, "gate": Gate, "switch": Switch, "told": Told,
             "logging": lambda: Logging(options.name, options.log, options.delay),
             "half": lambda: Half(options.name, options.delay),
             "breaking": lambda: Breaking(options.name, options.answers), "turns": lambda: Turns(options.delay),
             "scorer": lambda: Scorer(options.delay, options.wrong, options.slow),
             "wordy": lambda: Wordy(options.more, options.delay)}
    answer = kinds[options.kind]().answer
    serve(options.port, noting(answer, options.arrivals) if options.arrivals else answer)


if __name__ == "__main__":
    main()
