"""The worker asked over its own socket: what it refuses, with which status and words, and which model it will not serve."""
import contextlib
import json
import struct
import subprocess

from harness import Checks, Setting, UnixConnection, lines, require, wait_for

check = Checks("worker_socket")
setting = Setting()
CHAT = [{"role": "user", "content": "Hello!"}]
CONTEXT = 64
TEMPLATE_KEY = b"tokenizer.chat_template"
TEXT_TYPE = 8
# The exit code of a model that cannot be served, as `gatehouse-worker --help` says.
MODEL_REFUSED = 65
if not setting.model:
    print("no model file was given: the worker's checks are left out")
    check.finish()


class Worker:
    """A worker of its own; `arguments` are further flags."""

    def __init__(self, name, *arguments, model=setting.model):
        self.path = str(setting.directory / f"{name}.sock")
        self.command = [setting.worker, "--model", str(model), "--socket", self.path, *map(str, arguments)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: self.ask("GET", "/healthz")[0] == 200, 60, "the worker is ready")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def opened(self, method, path, body=None):
        connection = UnixConnection(self.path)
        connection.request(method, path, body and json.dumps(body))
        return connection, connection.getresponse()

    def ask(self, method, path, body=None):
        """Status, headers and JSON of one exchange."""
        connection, response = self.opened(method, path, body)
        with contextlib.closing(connection):
            content = response.read()
            return response.status, response.headers, json.loads(content) if content[:1] == b"{" else {}

    def refused(self, path, body, status=400):
        got, headers, answer = self.ask("POST", path, body)
        require(got == status, f"status {got}: {json.dumps(answer)[:300]}")
        return headers, answer["error"]


with Worker("plain") as worker, Worker("small", "--context", CONTEXT) as small:
    @check("a prompt longer than the context is 400 with its number of tokens and the context's")
    def _():
        for path, body in [("/v1/completions", {"prompt": "One, two, three. " * 40}),
                           ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Tell me more. " * 40}]})]:
            # The worker with the model's whole context counts the same prompt.
            _, _, answer = worker.ask("POST", path, {**body, "max_tokens": 1})
            tokens = answer["usage"]["prompt_tokens"]
            _, error = small.refused(path, {**body, "max_tokens": 1})
            require(f" {tokens} tokens" in error["message"] and f" {CONTEXT} tokens" in error["message"],
                    f"of {tokens} and {CONTEXT} tokens: {error['message']}")
            require(error["code"] == "context_length_exceeded", f"{error}")
        status, _, _ = small.ask("POST", "/v1/completions", {"prompt": "One, two,", "max_tokens": 4})
        require(status == 200, f"a short prompt then got {status}")
        return error["message"]

    @check("a field that would change the answer is 400 and named; the same field at its default is taken")
    def _():
        tool = {"type": "function", "function": {"name": "weather", "parameters": {}}}
        for name, value, neutral in [("tools", [tool], []), ("n", 2, 1)]:
            body = {"messages": CHAT, "max_tokens": 1}
            _, error = worker.refused("/v1/chat/completions", {**body, name: value})
            require(error["param"] == name and f"'{name}'" in error["message"], f"{name}: {error}")
            status, _, answer = worker.ask("POST", "/v1/chat/completions", {**body, name: neutral, "user": "u-1"})
            require(status == 200, f"{name}: {neutral} got {status}: {answer}")
        _, error = worker.refused("/v1/completions", {"prompt": "One,", "max_tokens": 1, "n": 2})
        require(error["param"] == "n", f"{error}")


@check("beyond the slot and the queue the next request gets 429 at once; when the slot is free it is answered")
def _():
    short, long = {"messages": CHAT, "max_tokens": 1}, {"messages": CHAT, "max_tokens": 1500, "stream": True}
    with Worker("narrow", "--slots", 1, "--queue", 0) as worker:
        connection, response = worker.opened("POST", "/v1/chat/completions", long)
        stream = lines(response)
        require(next(stream).startswith(b"data: "), "no first event")
        headers, error = worker.refused("/v1/chat/completions", short, 429)
        require(error["code"] == "queue_full" and int(headers["retry-after"]) >= 1, f"{error}, {dict(headers)}")
        require("1 slot" in error["message"] and "0 places" in error["message"], error["message"])
        require(b"data: [DONE]" not in [next(stream) for _ in range(4)], "the slot was free already")
        connection.close()
        wait_for(lambda: worker.ask("POST", "/v1/chat/completions", short)[0] == 200, 5, "an answer from the free slot")


def with_template(text, target):
    """A copy of the model with another chat template, of the same length so that every offset stays."""
    data = bytearray(open(setting.model, "rb").read())
    at = data.index(struct.pack("<Q", len(TEMPLATE_KEY)) + TEMPLATE_KEY) + 8 + len(TEMPLATE_KEY)
    kind, length = struct.unpack_from("<IQ", data, at)
    require(kind == TEXT_TYPE, f"the template has type {kind}")
    # The rest is a comment of the template, which writes nothing.
    data[at + 12:at + 12 + length] = text + b"{#" + b"#}".rjust(length - len(text) - 2)
    target.write_bytes(data)


@check("a chat template that the engine does not know by its looks is rendered: the prompt is what it says")
def _():
    copy = setting.directory / "foreign-template.gguf"
    with_template(b"{% for message in messages %}<{{ message.role }}> {{ message.content }}{% endfor %}", copy)
    try:
        with Worker("foreign", model=copy) as worker:
            told = []
            for path, body in [("/v1/chat/completions", {"messages": CHAT}),
                               ("/v1/completions", {"prompt": "<user> Hello!"})]:
                status, _, answer = worker.ask("POST", path, {**body, "max_tokens": 8, "temperature": 0})
                require(status == 200, f"{path}: status {status}: {answer}")
                choice = answer["choices"][0]
                told.append((answer["usage"]["prompt_tokens"], choice.get("text") or choice["message"]["content"]))
            require(told[0] == told[1], f"the chat and the same text: {told}")
            return str(told[0])
    finally:
        copy.unlink()


@check("a model whose chat template cannot be rendered is refused at start, with exit code 65 and the reason")
def _():
    copy, socket = setting.directory / "broken-template.gguf", setting.directory / "broken.sock"
    with_template(b"{% for message in %}{{ message.content }}", copy)
    try:
        result = subprocess.run([setting.worker, "--model", str(copy), "--socket", str(socket)], timeout=60, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    finally:
        copy.unlink()
    require(result.returncode == MODEL_REFUSED, f"exit code {result.returncode}: {result.stdout[-300:]}")
    told = json.loads(result.stdout.splitlines()[-1])
    require("chat template" in json.dumps(told) and str(copy) in json.dumps(told), f"{told}")
    require(not socket.exists(), "the socket is still there")
    return told.get("reason") or told.get("message")


check.finish()
