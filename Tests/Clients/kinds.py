"""Kinds of model: embeddings and text-to-text through the gateway, by OpenAI's SDK and by /score, and what each refuses."""
import base64
import json
import pathlib
import struct
import threading

import httpx
import openai

from harness import Checks, Gateway, Setting, require, upstream_documents

check = Checks("kinds")
setting = Setting()
if not (setting.model and setting.embedding_model and setting.t5_model):
    print("not all three model files were given: the checks of kinds are left out")
    check.finish()

REFERENCE = json.loads(pathlib.Path(__file__).with_name("kinds_reference.json").read_text())
EMBEDDINGS, ANSWERS = REFERENCE["embeddings"], REFERENCE["answers"]
LEAST = 0.999


def cosine(one, other):
    return sum(a * b for a, b in zip(one, other, strict=True))


def refused(error, call, *parts):
    """The call ends with this error of the SDK; each part stands in its words. Returns it."""
    try:
        call()
    except error as problem:
        missing = [part for part in parts if part not in str(problem)]
        require(not missing, f"{missing} is not in {problem}")
        return problem
    raise AssertionError("not refused")


gateway = Gateway(setting, "kinds")
with gateway:
    gateway.command("tenants", "create", "demo")
    for name, path in [("chatter", setting.model), ("vectors", setting.embedding_model), ("rewriter", setting.t5_model)]:
        gateway.command("models", "register", f"demo/{name}", "--version", 1, "--path", path)
        gateway.apply(upstream_documents(name, {"local": (100, {
            "model": f"azureml:{name}:1", "instance_type": "auto", "max_queue_wait_ms": 30000,
            "native": {"engine": "llama", "slots": 2, "threads": 1, **({"context": 512} if name == "chatter" else {})}})}))
    keys = {name: gateway.key(name) for name in ["chatter", "vectors", "rewriter"]}
    clients = {name: openai.OpenAI(
        base_url=f"https://localhost:{gateway.port}/v1", api_key=key, max_retries=0,
        http_client=httpx.Client(verify=str(gateway.authority))) for name, key in keys.items()}

    def score(endpoint, body, status=200):
        response = gateway.request("POST", f"/demo/{endpoint}/score", body, {"api-key": keys[endpoint]})
        require(response.status == status, f"status {response.status}: {response.content[:300]}")
        return response, json.loads(response.content)

    def score_refused(endpoint, body, *parts):
        response, answer = score(endpoint, body, 424)
        require(response.headers["ms-azureml-model-error-statuscode"] == "400", f"{dict(response.headers)}")
        message = answer["error"]["message"]
        require(all(part in message for part in parts), f"{parts} not all in {message}")

    @check("models show tells each kind")
    def _():
        kinds = [gateway.created("models", "show", f"demo/{name}:1")["header"]["kind"] for name in keys]
        require(kinds == ["decoder", "embedding", "encoder-decoder"], f"{kinds}")

    @check("the SDK gets the reference's vectors, in order, with usage, as numbers and as bytes")
    def _():
        texts = [one["text"] for one in EMBEDDINGS]
        least = 1
        for encoding in ["float", "base64"]:
            answer = clients["vectors"].embeddings.create(model="vectors", input=texts, encoding_format=encoding)
            require([one.index for one in answer.data] == list(range(len(texts))), "the order")
            require(answer.usage.prompt_tokens == sum(len(one["tokens"]) for one in EMBEDDINGS), f"{answer.usage}")
            require(answer.usage.total_tokens == answer.usage.prompt_tokens and answer.model, f"{answer.usage}")
            for one, expected in zip(answer.data, EMBEDDINGS, strict=True):
                vector = one.embedding
                if isinstance(vector, str):
                    data = base64.b64decode(vector)
                    vector = struct.unpack(f"<{len(data) // 4}f", data)
                least = min(least, cosine(vector, expected["vector"]))
                require(abs(cosine(vector, vector) - 1) < 1e-4, f"length {cosine(vector, vector)}")
        require(least >= LEAST, f"cosine {least}")
        return f"cosine at least {least:.6f}"

    @check("one text, tokens, and lists of tokens are taken; the receipt has the tokens")
    def _():
        expected = EMBEDDINGS[0]
        for given in [expected["text"], expected["tokens"], [expected["tokens"], EMBEDDINGS[1]["tokens"]]]:
            raw = clients["vectors"].embeddings.with_raw_response.create(model="vectors", input=given)
            answer = raw.parse()
            require(cosine(answer.data[0].embedding, expected["vector"]) >= LEAST, f"{given}")
            receipt = gateway.receipt(raw.headers["x-request-id"])
            require(receipt["prompt_tokens"] == answer.usage.prompt_tokens > 0, f"{receipt}")

    @check("Azure OpenAI's form gives the same vectors")
    def _():
        response = gateway.request("POST", "/openai/deployments/vectors/embeddings?api-version=2024-10-21",
                                   {"input": EMBEDDINGS[0]["text"]}, {"api-key": keys["vectors"]})
        require(response.status == 200, f"status {response.status}: {response.content[:300]}")
        vector = json.loads(response.content)["data"][0]["embedding"]
        require(cosine(vector, EMBEDDINGS[0]["vector"]) >= LEAST, "the vector")

    @check("twenty callers at once each get their own vectors")
    def _():
        wrong = []

        def ask(index):
            mine = [EMBEDDINGS[(index + step) % len(EMBEDDINGS)] for step in range(8)]
            try:
                answer = clients["vectors"].embeddings.create(
                    model="vectors", input=[one["text"] for one in mine], encoding_format="float")
                wrong.extend(one["text"] for one, got in zip(mine, answer.data, strict=True)
                             if cosine(got.embedding, one["vector"]) < LEAST)
            except openai.OpenAIError as problem:
                wrong.append(problem)

        threads = [threading.Thread(target=ask, args=[index]) for index in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        require(not wrong, f"{len(wrong)} wrong: {wrong[:3]}")

    @check("what an embedding model cannot answer is a 400 that says why")
    def _():
        def embed(given, **more):
            return lambda: clients["vectors"].embeddings.create(model="vectors", input=given, **more)

        bad = openai.BadRequestError
        refused(bad, embed("word " * 600), "602 tokens", "512")
        refused(bad, embed(["short", "word " * 600]), "index 1", "602 tokens")
        # The last of many is found before anything is computed.
        refused(bad, embed([EMBEDDINGS[-1]["text"]] * 60 + ["word " * 600]), "index 60", "602 tokens", "512")
        refused(bad, embed(""), "'input'", "empty")
        refused(bad, embed(["a", ""]), "input[1]", "empty")
        refused(bad, embed([]), "'input'", "empty")
        refused(bad, embed([[101, 30522]]), "30522", "30521")
        error = refused(bad, embed("x", dimensions=64), "64", "384")
        require(error.param == "dimensions", f"{error.param}")

    @check("what is meant for another kind is a 400 that names the path to ask")
    def _():
        chat = [{"role": "user", "content": "Hi"}]
        error = refused(openai.BadRequestError, lambda: clients["vectors"].chat.completions.create(
            model="vectors", messages=chat), "/v1/embeddings")
        require(error.code == "wrong_model_kind" and error.param == "model", f"{error.body}")
        refused(openai.BadRequestError, lambda: clients["vectors"].completions.create(
            model="vectors", prompt="Hi"), "/v1/embeddings")
        for name, path in [("chatter", "/v1/chat/completions"), ("rewriter", "/v1/completions")]:
            refused(openai.BadRequestError, lambda: clients[name].embeddings.create(model=name, input="x"), path)

    @check("text-to-text answers are PyTorch's, whole and streamed, by completions and as one message")
    def _():
        client = clients["rewriter"]
        for expected in ANSWERS:
            given = {"model": "rewriter", "prompt": expected["prompt"], "temperature": 0, "max_tokens": 24}
            whole = client.completions.create(**given)
            require(whole.choices[0].text == expected["text"], f"{whole.choices[0].text!r}, not {expected['text']!r}")
            reason = "stop" if len(expected["answer"]) < REFERENCE["mostTokens"] else "length"
            require(whole.choices[0].finish_reason == reason, f"{whole.choices[0].finish_reason}, not {reason}")
            used = (whole.usage.prompt_tokens, whole.usage.completion_tokens)
            require(used == (len(expected["tokens"]), len(expected["answer"])), f"{used} for {expected['prompt']}")
            pieces = [chunk.choices[0].text for chunk in client.completions.create(**given, stream=True) if chunk.choices]
            require("".join(pieces) == expected["text"] and len(pieces) > 2, f"streamed {pieces}")
            message = client.chat.completions.create(
                model="rewriter", messages=[{"role": "user", "content": expected["prompt"]}], temperature=0, max_tokens=24)
            require(message.choices[0].message.content == expected["text"], f"{message.choices[0].message.content!r}")
        refused(openai.BadRequestError, lambda: client.chat.completions.create(
            model="rewriter", messages=[{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]),
            "'messages'", "one message")
        refused(openai.BadRequestError, lambda: client.completions.create(model="rewriter", prompt="word " * 600),
                "601 tokens", "512")
        return f"{len(ANSWERS)} prompts"

    @check("and the same when all are asked at once")
    def _():
        got = {}

        def ask(index):
            got[index] = clients["rewriter"].completions.create(
                model="rewriter", prompt=ANSWERS[index]["prompt"], temperature=0, max_tokens=24).choices[0].text

        threads = [threading.Thread(target=ask, args=[index]) for index in range(len(ANSWERS))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wrong = [(got.get(index), one["text"]) for index, one in enumerate(ANSWERS) if got.get(index) != one["text"]]
        require(not wrong, f"{wrong[:3]}")

    @check("/score of a text-to-text model takes inputs and gives generated_text")
    def _():
        response, answer = score("rewriter", {"inputs": ANSWERS[0]["prompt"], "parameters": {"max_new_tokens": 24}})
        require(answer == [{"generated_text": ANSWERS[0]["text"]}], f"{answer}")
        receipt = gateway.receipt(response.headers["x-request-id"])
        used = (receipt["prompt_tokens"], receipt["completion_tokens"])
        require(used == (len(ANSWERS[0]["tokens"]), len(ANSWERS[0]["answer"])), f"{used}")
        told = [response.headers[f"x-gatehouse-{part}-tokens"] for part in ["prompt", "completion"]]
        require(told == [str(count) for count in used], f"{told} in the head")
        _, answer = score("rewriter", {"inputs": [one["prompt"] for one in ANSWERS[:3]], "parameters": {"do_sample": False}})
        require(answer == [{"generated_text": one["text"]} for one in ANSWERS[:3]], f"{answer}")
        _, short = score("rewriter", {"inputs": ANSWERS[0]["prompt"], "parameters": {"max_new_tokens": 1}})
        require(ANSWERS[0]["text"].startswith(short[0]["generated_text"]) and short != answer[:1], f"{short}")

    @check("/score of a text-to-text model answers a question about a context, in both forms")
    def _():
        asked = {"question": "Where is the library?",
                 "context": "The library is behind the town hall, next to the market."}
        expected = next(one["text"] for one in ANSWERS if one["prompt"].startswith("question: "))
        for body in [asked, {"inputs": asked}, {**asked, "parameters": {"do_sample": False}}]:
            _, answer = score("rewriter", body)
            require(answer == {"answer": expected}, f"{answer}, not {expected!r}")

    @check("/score of an embedding model gives a list of vectors, or OpenAI's form")
    def _():
        response, answer = score("vectors", {"inputs": EMBEDDINGS[0]["text"]})
        require(len(answer) == 1 and cosine(answer[0], EMBEDDINGS[0]["vector"]) >= LEAST, f"{len(answer)} vectors")
        receipt = gateway.receipt(response.headers["x-request-id"])
        require(receipt["prompt_tokens"] == len(EMBEDDINGS[0]["tokens"]), f"{receipt}")
        _, answer = score("vectors", {"inputs": [one["text"] for one in EMBEDDINGS]})
        require(all(cosine(got, one["vector"]) >= LEAST for got, one in zip(answer, EMBEDDINGS, strict=True)), "the vectors")
        _, answer = score("vectors", {"input": EMBEDDINGS[0]["text"]})
        require(answer["object"] == "list" and answer["usage"]["prompt_tokens"], f"{list(answer)}")

    @check("/score of a chat model takes a chat body, a prompt, and inputs")
    def _():
        _, chat = score("chatter", {"messages": [{"role": "user", "content": "Name a colour."}], "max_tokens": 4})
        require(chat["choices"][0]["message"]["content"], f"{chat}")
        _, text = score("chatter", {"prompt": "The capital of France is", "max_tokens": 4, "temperature": 0})
        parameters = {"max_new_tokens": 4}
        _, plain = score("chatter", {"inputs": "The capital of France is", "parameters": parameters})
        require(plain == [{"generated_text": text["choices"][0]["text"]}], f"{plain}, not {text['choices'][0]}")
        parameters["return_full_text"] = True
        _, full = score("chatter", {"inputs": "The capital of France is", "parameters": parameters})
        require(full[0]["generated_text"] == "The capital of France is" + plain[0]["generated_text"], f"{full}")

    @check("/score refuses by name what its model cannot do")
    def _():
        score_refused("vectors", {"messages": [{"role": "user", "content": "Hi"}]}, "'messages'")
        score_refused("vectors", {"inputs": "x", "parameters": {"max_new_tokens": 4}}, "max_new_tokens", "embeddings")
        score_refused("vectors", {"inputs": ""}, "'inputs'", "empty")
        score_refused("chatter", {"question": "Q", "context": "C"}, "'question'")
        score_refused("rewriter", {"inputs": "x", "stream": True}, "'stream'")
        score_refused("rewriter", {"inputs": "x", "parameters": {"num_beams": 4}}, "parameters.num_beams")
        score_refused("rewriter", {"inputs": ["x"] * 129}, "129", "128")
        score_refused("rewriter", {"inputs": {"question": "Q"}}, "inputs.context")
        score_refused("rewriter", {"inputs": "word " * 600}, "601 tokens")

    @check("of a token limit a scoring call of an embedding model takes its input alone, in each of its forms")
    def _():
        gateway.command("limits", "set", "demo/vectors", "--tokens", "100/hour")
        gateway.command("limits", "set", "demo/rewriter", "--tokens", "100/hour")
        for body in [{"inputs": EMBEDDINGS[0]["text"]}, {"inputs": [EMBEDDINGS[0]["text"]]}, {"input": EMBEDDINGS[0]["text"]}]:
            score("vectors", body)
        # What generates is counted with what it may answer.
        _, answer = score("rewriter", {"inputs": ANSWERS[0]["prompt"]}, 429)
        return answer["error"]["message"][:80]
check.finish()
