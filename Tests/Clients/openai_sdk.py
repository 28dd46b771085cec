"""The OpenAI SDK, unchanged: base_url, key and CA only, against the worker and against a picky upstream."""
import json
import os
import time
import urllib.request

import openai

import backends
from harness import Checks, Gateway, Setting, native_documents, new_id, require, upstream_documents

check = Checks("openai")
MESSAGES = [{"role": "user", "content": "What is the capital of France?"}]


def stream(client, model, **options):
    """Chunks of a streamed chat, and the id under which its receipt is."""
    request_id = new_id()
    chunks = list(client.chat.completions.create(
        model=model, messages=MESSAGES, temperature=0, max_tokens=16, stream=True,
        extra_headers={"x-request-id": request_id}, **options))
    return chunks, request_id


def require_receipt(gateway, request_id, usage):
    receipt = gateway.receipt(request_id)
    counts = (receipt["prompt_tokens"], receipt["completion_tokens"])
    due = (usage.prompt_tokens, usage.completion_tokens)
    require(counts == due, f"the receipt counts {counts} tokens, the answer {due}")
    require(receipt["status"] == 200, f"the receipt's status is {receipt['status']}")


def check_endpoint(gateway, model):
    client = openai.OpenAI(base_url=f"https://localhost:{gateway.port}/v1", api_key=gateway.key(model), max_retries=0)
    known = {}

    @check(f"{model}: chat")
    def _():
        request_id = new_id()
        answer = client.chat.completions.create(
            model=model, messages=MESSAGES, temperature=0, max_tokens=16, extra_headers={"x-request-id": request_id})
        known["text"], known["usage"] = answer.choices[0].message.content, answer.usage
        require(known["text"], "the answer is empty")
        require_receipt(gateway, request_id, answer.usage)
        return repr(known["text"][:40])

    @check(f"{model}: streamed chat without usage")
    def _():
        chunks, request_id = stream(client, model)
        require(all(chunk.choices for chunk in chunks), "the caller sees a chunk without choices")
        require(all(chunk.usage is None for chunk in chunks), "the caller sees usage that was not asked for")
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        require(text == known["text"], f"streamed {text!r}, whole {known['text']!r}")
        require_receipt(gateway, request_id, known["usage"])

    @check(f"{model}: streamed chat with usage")
    def _():
        chunks, request_id = stream(client, model, stream_options={"include_usage": True})
        require(chunks[-1].choices == [], "the last chunk has choices")
        require(chunks[-1].usage == known["usage"], f"{chunks[-1].usage} against {known['usage']}")
        require(all(chunk.usage is None for chunk in chunks[:-1]), "usage came before the last chunk")
        require_receipt(gateway, request_id, chunks[-1].usage)

    @check(f"{model}: completions")
    def _():
        request_id = new_id()
        answer = client.completions.create(model=model, prompt="The capital of France is", temperature=0, max_tokens=5,
                                           extra_headers={"x-request-id": request_id})
        require(answer.choices[0].text, "the text is empty")
        require_receipt(gateway, request_id, answer.usage)

    @check(f"{model}: model list")
    def _():
        names = [entry.id for entry in client.models.list()]
        require(model in names, f"{model} is not in {names}")

    @check(f"{model}: a wrong key is an AuthenticationError")
    def _():
        wrong = client.with_options(api_key="wrong")
        try:
            wrong.chat.completions.create(model=model, messages=MESSAGES)
        except openai.AuthenticationError as error:
            require(error.body and error.body.get("message"), f"no OpenAI error body: {error.body}")
            return
        require(False, "the wrong key was taken")

    @check(f"{model}: a wrong model is a NotFoundError")
    def _():
        try:
            client.chat.completions.create(model="no-such-model", messages=MESSAGES)
        except openai.NotFoundError as error:
            require(error.body and error.body.get("message"), f"no OpenAI error body: {error.body}")
            return
        require(False, "the wrong model was taken")

    return client


def check_upstream(gateway, backend, client):
    @check("picky: the upstream sees its own model name and no credential")
    def _():
        _, request_id = stream(client, "picky")
        with urllib.request.urlopen(f"http://127.0.0.1:{backend.port}/seen", timeout=5) as answer:
            seen = json.load(answer)
        require(request_id in seen, "the request id did not reach the upstream")
        request = seen[request_id]
        require(request["body"]["model"] == backends.OWN_MODEL, f"model {request['body']['model']!r}")
        require(request["body"].get("stream_options") == {"include_usage": True}, "usage was not asked for")
        require(request["path"].startswith("/v1/chat/completions"), f"path {request['path']}")
        leaked = {"authorization", "api-key", "x-api-key"} & request["headers"].keys()
        require(not leaked, f"the credential went upstream in {leaked}")


def check_cancel(gateway):
    client = openai.OpenAI(
        base_url=f"https://localhost:{gateway.port}/v1", api_key=gateway.key("single"), max_retries=0)

    def begin(tokens):
        return client.chat.completions.create(
            model="single", messages=[{"role": "user", "content": "Tell me a very long story about the sea."}],
            temperature=0, max_tokens=tokens, stream=True)

    @check("one slot: the next first token comes within 1 s of a cancelled 2,000-token stream")
    def _():
        worst = 0
        for _ in range(3):
            running = begin(2000)
            for _, chunk in zip(range(5), running):
                pass
            running.close()
            started = time.monotonic()
            following = begin(4)
            for chunk in following:
                if chunk.choices and chunk.choices[0].delta.content:
                    worst = max(worst, time.monotonic() - started)
                    break
            following.close()
        require(0 < worst <= 1, f"{worst:.2f} s")
        return f"{worst * 1000:.0f} ms at worst"


setting = Setting()
with Gateway(setting, "openai") as gateway:
    os.environ["SSL_CERT_FILE"] = str(gateway.authority)
    backend = gateway.backend("openai")
    gateway.apply(upstream_documents("picky", {"only": (100, {"upstream": {
        "urls": [f"http://127.0.0.1:{backend.port}"], "model": backends.OWN_MODEL}})}))
    check_upstream(gateway, backend, check_endpoint(gateway, "picky"))
    if setting.model:
        gateway.register_model()
        gateway.apply(native_documents("chat"))
        check_endpoint(gateway, "chat")
        gateway.apply(native_documents("single", slots=1))
        check_cancel(gateway)
check.finish()
