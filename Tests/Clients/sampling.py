"""How the embedded worker's answers are sampled, and their forms: the OpenAI SDK through the whole gateway."""
import json
import math
import os
import re
import time

import openai

from harness import Checks, Gateway, Setting, native_documents, require

check = Checks("sampling")
MESSAGES = [{"role": "user", "content": "Describe anybody, or choose anything."}]
REPEATING = [{"role": "user", "content": "Repeat the word hello twenty times."}]

PERSON = {
    "type": "object", "additionalProperties": False, "required": ["name", "age", "home"],
    "properties": {
        "name": {"type": "string", "maxLength": 20},
        "age": {"type": "integer", "minimum": 18, "maximum": 99},
        "home": {"type": "object", "additionalProperties": False, "required": ["city", "zip"], "properties": {
            "city": {"enum": ["Ulm", "Bonn"]}, "zip": {"type": "integer", "minimum": 10000, "maximum": 99999}}}}}
SCORES = {
    "type": "object", "additionalProperties": False, "required": ["scores", "note"],
    "properties": {
        "scores": {"type": "array", "minItems": 2, "maxItems": 4, "items": {"$ref": "#/$defs/score"}},
        "note": {"anyOf": [{"type": "null"}, {"type": "string", "maxLength": 8}]}},
    "$defs": {"score": {"type": "integer", "minimum": 0, "maximum": 10}}}


def valid(value, schema, root):
    """Whether a value is one of a schema of the kind used here; a keyword that is not known here is a failure."""
    schema = dict(schema)
    if reference := schema.pop("$ref", None):
        return valid(value, root["$defs"][reference.rsplit("/", 1)[1]], root)
    if "anyOf" in schema:
        return any(valid(value, part, root) for part in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    kind = schema.pop("type")
    schema.pop("$defs", None)
    if kind == "object":
        properties, required = schema.pop("properties"), schema.pop("required")
        require(schema == {"additionalProperties": False}, f"unknown keywords {schema}")
        return (isinstance(value, dict) and set(required) <= set(value) <= set(properties)
                and all(valid(value[name], properties[name], root) for name in value))
    if kind == "array":
        items, least, most = schema.pop("items"), schema.pop("minItems"), schema.pop("maxItems")
        require(not schema, f"unknown keywords {schema}")
        return isinstance(value, list) and least <= len(value) <= most and all(valid(one, items, root) for one in value)
    if kind == "integer":
        least, most = schema.pop("minimum"), schema.pop("maximum")
        require(not schema, f"unknown keywords {schema}")
        return type(value) is int and least <= value <= most
    if kind == "string":
        most = schema.pop("maxLength")
        require(not schema, f"unknown keywords {schema}")
        return isinstance(value, str) and len(value) <= most
    require(kind == "null" and not schema, f"unknown keywords {kind} {schema}")
    return value is None


def as_format(schema, strict=True):
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": strict}}


def refused(field, ask):
    """The call is a 400 of the API's shape that names the field; its message."""
    try:
        ask()
    except openai.BadRequestError as error:
        require(error.param == field, f"names {error.param!r} and not {field!r}: {error.message}")
        require(error.type == "invalid_request_error" and error.body.get("message"), f"body {error.body}")
        return error.body["message"]
    require(False, f"{field} was taken")


setting = Setting()
if not setting.model:
    print("no model file was given: the checks of sampling are left out")
    check.finish()

with Gateway(setting, "sampling") as gateway:
    os.environ["SSL_CERT_FILE"] = str(gateway.authority)
    gateway.register_model()
    gateway.apply(native_documents("chat", max_queue_wait_ms=30000))
    client = openai.OpenAI(base_url=f"https://localhost:{gateway.port}/v1", api_key=gateway.key("chat"), max_retries=0)

    def chat(messages=MESSAGES, **options):
        options = {"temperature": 0, "max_tokens": 24, **options}
        return client.chat.completions.create(model="chat", messages=messages, **options)

    def text(**options):
        return chat(**options).choices[0].message.content

    def logprobs(**options):
        return chat(logprobs=True, **options).choices[0].logprobs.content

    def distinct(**options):
        tokens = [entry.token for entry in logprobs(messages=REPEATING, max_tokens=48, **options)]
        return len(set(tokens)) / len(tokens)

    @check("answers under a schema are values of it: nested objects, enums, arrays with bounds, integers")
    def _():
        for schema in [PERSON, SCORES]:
            for seed in range(4):
                answer = chat(temperature=1.5, seed=seed, max_tokens=200, response_format=as_format(schema))
                content = answer.choices[0].message.content
                require(answer.choices[0].finish_reason == "stop", f"{answer.choices[0].finish_reason}: {content}")
                value = json.loads(content)
                require(valid(value, schema, schema), f"not of the schema: {content}")
                order = [content.index(f'"{name}"') for name in schema["properties"]]
                require(order == sorted(order), f"not in the schema's order: {content}")

    @check("a streamed answer under a schema is one too, and a free one would not be")
    def _():
        options = {"temperature": 1, "seed": 3, "max_tokens": 200}
        chunks = chat(stream=True, response_format=as_format(PERSON), **options)
        content = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        require(valid(json.loads(content), PERSON, PERSON), f"not of the schema: {content}")
        free = text(**options)
        require(not free.startswith("{"), f"the free answer is JSON by itself: {free}")
        return content[:60]

    @check("json_object gives an object")
    def _():
        answer = chat(messages=[{"role": "user", "content": "Give me a short JSON object."}], max_tokens=300,
                      response_format={"type": "json_object"}).choices[0]
        require(answer.message.content.startswith("{"), f"begins {answer.message.content[:20]!r}")
        if answer.finish_reason == "stop":
            require(isinstance(json.loads(answer.message.content), dict), "not an object")
        return answer.finish_reason

    @check("an answer under a grammar matches it, in chat and in completions")
    def _():
        grammar = 'root ::= ("yes" | "no") " " [0-9]{3}'
        for seed in range(4):
            content = text(temperature=1.5, seed=seed, extra_body={"grammar": grammar})
            require(re.fullmatch("(yes|no) [0-9]{3}", content), f"{content!r}")
        answer = client.completions.create(model="chat", prompt="Well,", max_tokens=20, extra_body={"grammar": grammar})
        require(re.fullmatch("(yes|no) [0-9]{3}", answer.choices[0].text), f"{answer.choices[0].text!r}")

    @check("a schema or grammar that cannot be used is a 400 that says why")
    def _():
        field = "response_format.json_schema.schema"
        told = [
            refused(field, lambda: chat(response_format=as_format({"type": "thing"}))),
            refused(field, lambda: chat(response_format=as_format({"type": "string", "format": "email"}))),
            refused("grammar", lambda: chat(extra_body={"grammar": "root ::= nothing"})),
            refused("grammar", lambda: chat(extra_body={"grammar": 'root ::= root "a"'})),
        ]
        for word, message in zip(["thing", "format", "nothing", "left recursion"], told):
            require(word in message, f"{message!r} does not say {word!r}")

    @check("hostile schemas and grammars are refused at once, and others are answered")
    def _():
        deep = {"type": "null"}
        for _ in range(60):
            deep = {"type": "array", "items": deep}
        wide = {"type": "object", "properties": {f"p{n}": {"type": "null"} for n in range(900)}}
        loop = {"$defs": {"a": {"$ref": "#/$defs/a"}}, "allOf": [{"$ref": "#/$defs/a"}]}
        rules = "\n".join(f'r{n} ::= r{n + 1} "x" | r{n + 1} "y"' for n in range(60))
        started = time.monotonic()
        for schema in [deep, wide, loop]:
            refused("response_format.json_schema.schema", lambda: chat(response_format=as_format(schema, strict=False)))
        for grammar in ["root ::= " + "(" * 50000, 'root ::= "a"{2,1}', 'root ::= "' + "a" * 30000 + '"{2000}',
                        f"root ::= r0\n{rules}\nr60 ::= r0"]:
            refused("grammar", lambda: chat(extra_body={"grammar": grammar}))
        seconds = time.monotonic() - started
        require(seconds < 10, f"{seconds:.1f} s")
        require(text(max_tokens=4), "no answer afterwards")

    @check("a bias bans a token or makes it the only one")
    def _():
        first = logprobs(messages=REPEATING, top_logprobs=1, max_tokens=1)[0]
        # The API gives no numbers of tokens: the one that is banned is found by what a ban of it changes.
        only = text(messages=REPEATING, max_tokens=4, logit_bias={"1234": 100})
        pieces = [entry.token for entry in logprobs(messages=REPEATING, max_tokens=4, logit_bias={"1234": 100})]
        require(len(set(pieces)) == 1 and pieces[0] * 4 == only, f"{pieces}")
        require(pieces[0] != first.token, "the bias changed nothing")
        without = [entry.token for entry in
                   logprobs(messages=REPEATING, max_tokens=4, logit_bias={"1234": -100}, temperature=2, seed=1)]
        require(pieces[0] not in without, f"{without}")
        return f"{pieces[0]!r} four times"

    @check("penalties make an answer repeat itself less, under both names of the repetition penalty")
    def _():
        free = distinct()
        shares = {
            "frequency": distinct(frequency_penalty=2), "presence": distinct(presence_penalty=2),
            "repetition": distinct(extra_body={"repetition_penalty": 1.8}),
            "repeat": distinct(extra_body={"repeat_penalty": 1.8})}
        for name, share in shares.items():
            require(share > free, f"{name}: {share:.2f} of the tokens are distinct, {free:.2f} without")
        require(shares["repetition"] == shares["repeat"], f"the two names differ: {shares}")
        return ", ".join(f"{name} {share:.2f}" for name, share in {"free": free, **shares}.items())

    @check("min_p 1 leaves the likeliest token only")
    def _():
        options = {"temperature": 1.8, "seed": 5}
        require(text(extra_body={"min_p": 1}, **options) == text(), "it is not the greedy answer")
        require(text(**options) != text(), "nothing to cut off")

    @check("the same seed is the same answer, with everything set")
    def _():
        def ask(seed):
            return text(temperature=1.2, top_p=0.95, seed=seed, frequency_penalty=0.5, presence_penalty=0.2,
                        extra_body={"min_p": 0.02, "repetition_penalty": 1.1, "top_k": 200}, max_tokens=40)
        require(ask(11) == ask(11), "two answers differ")
        require(ask(11) != ask(12), "another seed changes nothing")

    @check("logprobs of chat, whole and streamed, are the same and of the text")
    def _():
        entries = logprobs(top_logprobs=3)
        content = text()
        require(bytes(byte for entry in entries for byte in entry.bytes).decode() == content, "not the text's bytes")
        for entry in entries:
            require(len(entry.top_logprobs) == 3, f"{len(entry.top_logprobs)} alternatives")
            require(entry.top_logprobs[0].token == entry.token, "a greedy token is not the likeliest")
            require(all(first.logprob >= second.logprob for first, second in
                        zip(entry.top_logprobs, entry.top_logprobs[1:])), "alternatives out of order")
            require(sum(math.exp(one.logprob) for one in entry.top_logprobs) <= 1.0001, "more than 1 in all")
        streamed = [entry for chunk in chat(logprobs=True, top_logprobs=3, stream=True) if chunk.choices
                    for entry in (chunk.choices[0].logprobs.content if chunk.choices[0].logprobs else [])]
        require([one.model_dump() for one in streamed] == [one.model_dump() for one in entries], "streamed others")
        require(chat().choices[0].logprobs is None, "told without being asked")

    @check("logprobs of completions have the older shape, whole and streamed")
    def _():
        options = {"model": "chat", "prompt": "One, two, three,", "temperature": 0, "max_tokens": 8, "logprobs": 2}
        choice = client.completions.create(**options).choices[0]
        told = choice.logprobs
        require("".join(told.tokens) == choice.text, f"{told.tokens} is not {choice.text!r}")
        for token, logprob, top, offset in zip(told.tokens, told.token_logprobs, told.top_logprobs, told.text_offset):
            require(top[token] == logprob and 2 <= len(top) <= 3, f"{token!r}: {logprob} in {top}")
            require(choice.text[offset:].startswith(token), f"{token!r} is not at {offset}")
        chunks = [chunk.choices[0].logprobs for chunk in client.completions.create(stream=True, **options)
                  if chunk.choices and chunk.choices[0].logprobs]
        for name in ["tokens", "token_logprobs", "top_logprobs", "text_offset"]:
            streamed = [one for chunk in chunks for one in getattr(chunk, name)]
            require(streamed == getattr(told, name), f"{name}: streamed {streamed}")

    @check("values out of range are refused by name")
    def _():
        for field, value in [("frequency_penalty", 2.5), ("presence_penalty", -3), ("top_logprobs", 21),
                             ("logit_bias", {"5": 200}), ("logit_bias", {"90000000": 1})]:
            refused(field, lambda: chat(logprobs=True, **{field: value}))
        for field, value in [("min_p", 2), ("repetition_penalty", 0), ("repeat_penalty", 9), ("grammar", 5)]:
            refused(field, lambda: chat(extra_body={field: value}))
        refused("top_logprobs", lambda: chat(top_logprobs=2))
        refused("logprobs", lambda: client.completions.create(model="chat", prompt="x", logprobs=6))
        refused("response_format.type", lambda: chat(response_format={"type": "xml"}))
check.finish()
