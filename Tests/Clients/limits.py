"""Limits and quotas under 1,000 requests at once, and what headers and reports say of them."""
import csv
import io
import json
import os
import re
import threading

import openai

import backends
from chats import PRICE, WORDS, chat_body, chats, micros
from harness import Checks, Gateway, Setting, require, to, upstream_documents, wait_for
from storm import Storm, agree, tell

check = Checks("limits")
TOTAL = 1000


class Kind:
    """One way to limit: the rule for `count` requests, and the endpoint's numbers from the headers."""

    def __init__(self, name, count, rule, unit=1, header="requests", window=3600):
        self.name, self.count, self.rule, self.unit, self.header, self.window = name, count, rule, unit, header, window

    def endpoint(self, turn):
        return f"{self.name}-{turn}"


def kinds():
    each = chat_body("tokens-100")[1] + WORDS
    cost = 97 * micros(chat_body("money-100")[1])
    return [
        Kind("requests", 137, {"rate_limits": [{"requests": 137, "per": "hour"}]}),
        Kind("tokens", 61, {"rate_limits": [{"tokens": 61 * each, "per": "hour"}]}, unit=each, header="tokens"),
        Kind("monthly", 83, {"quotas": [{"requests": 83, "per": "month"}]}, window=None),
        Kind("money", 97, {"quotas": [{"cost": cost / 1e6, "per": "month"}]}, header=None, window=None),
    ]


def verify(kind, storm):
    """Exactly `count` passed, and every answer's headers tell of the decision about it."""
    answers = storm.run()
    passed = [answer for answer in answers if answer.status == 200]
    refused = [answer for answer in answers if answer.status == 429]
    others = [answer for answer in answers if answer.status not in (200, 429)]
    require(not others, f"{len(others)} with {others and (others[0].status, others[0].body)}")
    require(len(passed) == kind.count, f"{len(passed)} passed of {kind.count}")
    for answer in refused:
        wait = int(answer.headers["retry-after"])
        require(wait >= 1, f"Retry-After {wait}")
        if kind.window:
            require(wait <= kind.window / kind.count + 1, f"Retry-After {wait}")
        error = json.loads(answer.body)["error"]
        require(error["message"] and error["type"], f"{error}")
    if not kind.header:
        return
    agree(storm, kind.header, kind.unit)
    amount = kind.count * kind.unit
    left = [int(answer.headers[f"x-ratelimit-remaining-{kind.header}"]) for answer in answers]
    stated = {answer.headers[f"x-ratelimit-limit-{kind.header}"] for answer in answers}
    require(stated == {str(amount)}, f"x-ratelimit-limit-{kind.header} {stated}")
    # Drained meanwhile: less than what one request takes.
    steps = sorted(value // kind.unit for value, answer in zip(left, answers) if answer.status == 200)
    require(steps == list(range(kind.count)), f"remaining after each that passed: {steps[:5]}…{steps[-5:]}")
    had_room = [value for value, answer in zip(left, answers) if answer.status == 429 and value >= kind.unit]
    require(not had_room, f"refused ones had room: {had_room[:5]}")
    for value, answer in zip(left, answers) if kind.window else ():
        policy = re.search(r'^"([^"]+)";q=(\d+);w=(\d+)$', answer.headers["ratelimit-policy"])
        state = re.search(r'^"([^"]+)";r=(\d+);t=(\d+)$', answer.headers["ratelimit"])
        require(policy and state, f"{answer.headers['ratelimit-policy']}, {answer.headers['ratelimit']}")
        require(policy.groups()[1:] == (str(amount), str(kind.window)), f"RateLimit-Policy {policy.group(0)}")
        require(state.group(1) == policy.group(1) and int(state.group(2)) == value, f"RateLimit {state.group(0)}")
        require(0 < int(state.group(3)) <= kind.window, f"RateLimit {state.group(0)}")
        if answer.status == 429:
            require(state.group(3) == answer.headers["retry-after"], f"{state.group(0)}, {answer.headers['retry-after']}")


def check_storms(gateway, turns):
    for kind in kinds():
        @check(f"{TOTAL} at once against {kind.name}: exactly {kind.count} pass, each header agrees")
        def _():
            for turn in range(turns):
                endpoint = kind.endpoint(turn + 100)
                verify(kind, Storm(gateway, chats(gateway.key(endpoint), endpoint, TOTAL)))
            return f"{turns} runs"

        # At once: an hour's limit drains by itself.
        check_told(gateway, kind, kind.endpoint(turns + 99))


def check_told(gateway, kind, endpoint):
    @check(f"{kind.name}: limits show and the OpenAI SDK's RateLimitError tell of it")
    def _():
        state = gateway.created("limits", "show", f"demo/{endpoint}")["state"][0]
        scale = kind.unit if kind.header else kind.rule["quotas"][0]["cost"] / kind.count
        used, left = state["used"] / scale, state["remaining"] / scale
        require(kind.count - 2 < used <= kind.count and left < 2, f"{state}")
        require(state["refused"] == TOTAL - kind.count, f"{state}")
        client = openai.OpenAI(base_url=f"https://localhost:{gateway.port}/v1", api_key=gateway.key(endpoint),
                               max_retries=0)
        try:
            client.chat.completions.create(model=endpoint, max_tokens=50000, messages=[
                {"role": "user", "content": "a"}])
        except openai.RateLimitError as error:
            require(int(error.response.headers["retry-after"]) >= 1, "no Retry-After")
            is_quota = error.body["type"] == "insufficient_quota"
            require(is_quota == ("quotas" in kind.rule), f"{error.body}")
        else:
            require(False, "it passed")


def check_concurrency(gateway, gate, turns):
    @check(f"{TOTAL} at once against 37 at a time: exactly 37 pass")
    def _():
        key = gateway.key("gated")
        for _ in range(turns):
            tell(gate, "/close")
            storm = Storm(gateway, [("/demo/gated/score", {"api-key": key}, b"{}")] * TOTAL)
            opening = threading.Thread(target=tell, args=[gate, "/open"])
            storm.on_answers = lambda done: done == TOTAL - 37 and opening.start()
            answers = storm.run()
            passed = sum(answer.status == 200 for answer in answers)
            refused = [answer for answer in answers if answer.status == 429]
            require(passed == 37 and len(refused) == TOTAL - 37, f"{passed} passed, {len(refused)} refused")
            require(all(int(answer.headers["retry-after"]) >= 1 for answer in refused), "no Retry-After")
        answer = gateway.request("POST", "/demo/gated/score", {}, {"api-key": key})
        require(answer.status == 200, f"afterwards {answer.status}")
        return f"{turns} runs"


def check_usage(gateway, turns):
    @check("usage show and its CSV agree with what was sent")
    def _():
        due = {}
        for kind in kinds():
            words = chat_body(kind.endpoint(100))[1]
            cost = micros(words) if kind.name == "money" else 0
            for turn in range(turns):
                due[kind.endpoint(turn + 100)] = tuple(kind.count * each for each in [1, words, WORDS, cost])

        def rows():
            text = gateway.command("usage", "show", "demo", "--by", "endpoint", "--csv")
            found = {row["endpoint"]: (int(row["requests"]), int(row["inputTokens"]), int(row["outputTokens"]),
                                       round(float(row["cost"]) * 1e6)) for row in csv.DictReader(io.StringIO(text))}
            return {name: found.get(name) for name in due}

        wait_for(lambda: rows() == due, 5, f"{rows()} to become {due}")
        report = gateway.created("usage", "show", "demo", "--by", "endpoint")["rows"]
        found = {row["endpoint"]: (row["requests"], row["inputTokens"], row["outputTokens"], round(row["cost"] * 1e6))
                 for row in report if row["endpoint"] in due}
        require(found == due, f"JSON says {found}")
        one = gateway.created("usage", "show", "demo", "--by", "key,day", "--endpoint", "requests-100")["rows"]
        require(len(one) == 1 and one[0]["key"] == "demo/requests-100#primary" and one[0]["requests"] == 137, f"{one}")


setting = Setting()
turns = 50 if setting.is_long else 2
with Gateway(setting, "limits", threads=4) as gateway:
    os.environ["SSL_CERT_FILE"] = str(gateway.authority)
    openai_like = gateway.backend("openai")
    gate = gateway.backend("gate")
    model = {"urls": [f"http://127.0.0.1:{openai_like.port}"], "model": backends.OWN_MODEL}
    documents = [
        upstream_documents(kind.endpoint(turn + 100), {"only": (100, {
            "upstream": model, **({"price": PRICE} if kind.name == "money" else {})})}, **kind.rule)
        for kind in kinds() for turn in range(turns)]
    documents.append(upstream_documents("gated", to(gate), rate_limits=[{"concurrent": 37}]))
    gateway.apply("---\n".join(documents))
    check_storms(gateway, turns)
    check_concurrency(gateway, gate, turns)
    check_usage(gateway, turns)
check.finish()
