"""What a replay's report says in sum, of backends whose answers' lengths, tokens and words are known."""
import json
import math
import urllib.request

from harness import Checks, Gateway, Setting, require, upstream_documents, wait_for
from reviewing import Auditor, stored, tell

check = Checks("replay_sums")
SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
MORE = 5
# Seconds before each word of a stream.
PACES = {"blue": 0.02, "green": 0.06}

KNOWN = [
    # Both have "the", "brown", "fox" and "it", of seven words and of eight: signs are words of their own.
    ("text", ["the quick brown fox, it jumps", "the slow brown fox; it sat down"], ([None] * 4, 2 * 4 / (7 + 8))),
    # Six fields: `score` and the first tag agree, of `note` two words of three and two; what is never compared, and a time,
    # is none of them.
    ("fields", [{"id": "a", "label": "cat", "score": 1, "tags": ["a", "b"], "note": "red green blue", "took_ms": 5,
                 "usage": {"prompt_tokens": 7, "completion_tokens": 3}},
                {"id": "b", "label": "dog", "score": 1, "tags": ["a"], "note": "red blue", "took_ms": 9, "more": True,
                 "usage": {"prompt_tokens": 8, "completion_tokens": 4}}], ([7, 8, 3, 4], (1 + 1 + 2 * 2 / 5) / 6)),
]


def percentiles(one, other):
    """As the report has them, by the nearest rank."""
    def rank(values, share):
        return sorted(values)[math.ceil(len(values) * share) - 1]
    return {"pairs": len(one), **{name: {"one": rank(one, share), "other": rank(other, share)}
                                  for name, share in SHARES.items()}}


def body(words, **more):
    return {"model": "sums", "messages": [{"role": "user", "content": "Say it."}], "words": words, **more}


def sides(report):
    """Of each pair the tokens of both prompts and both answers, and how alike the answers are."""
    return [([pair[side].get(f"{kind}Tokens") for kind in ["prompt", "completion"] for side in ["one", "other"]],
             pair["similarity"]) for pair in report["allPairs"]]


def agree(found, due):
    """Pairs are as they should be; of how alike they are a report has four digits."""
    due = [(tokens, round(alike, 4)) for tokens, alike in due]
    wrong = [(one, other) for one, other in zip(found, due) if one != other]
    require(len(found) == len(due) and not wrong, f"{len(found)} pairs of {len(due)}, found and due: {wrong[:3]}")


def told(backend, content):
    """How long a backend's own answer is."""
    request = urllib.request.Request(f"http://127.0.0.1:{backend.port}/", json.dumps(content).encode())
    with urllib.request.urlopen(request, timeout=5) as response:
        return len(response.read())


def ask(gateway, key, bodies):
    before = stored(gateway)
    for content in bodies:
        answer = gateway.request("POST", "/demo/sums/v1/chat/completions", content, {"api-key": key})
        require(answer.status == 200, f"{answer.status}")
    wait_for(lambda: stored(gateway) == before + len(bodies), 10, "all are stored")


def documents(backends, endpoint="sums", top=""):
    return upstream_documents(endpoint, {
        name: (100 if name == "blue" else 0, {"upstream": {"urls": [f"http://127.0.0.1:{backend.port}"]}})
        for name, backend in backends.items()}, capture={"sampling_rate": 1}, top=top)


with Gateway(Setting(), "replay-sums") as gateway:
    gateway.command("tenants", "create", "demo")
    backends = {"blue": gateway.backend("wordy", "--delay", PACES["blue"]),
                "green": gateway.backend("wordy", "--delay", PACES["green"], "--more", MORE)}
    gateway.apply(documents(backends))
    key, rita = gateway.key("sums"), Auditor(gateway, "rita", "reviewer", "deployer")
    replay = ["replay", "demo", "--endpoint", "sums", "--to", "green", "--slower", 1000, "--concurrency", 4]

    @check("lengths and tokens of both sides stand in the sum by their percentiles, and how alike they are in the mean")
    def _():
        counts, asked = list(range(1, 121)), lambda words: 200 + 3 * words
        bodies = [body(words, asked=asked(words)) for words in counts]
        ask(gateway, key, bodies)
        report = rita.compare(*replay, code=2)["report"]
        require((report["pairs"], report["agreed"], report["agreement"]) == (120, 0, 0), f"{report['agreed']} agree")
        due = percentiles(counts, [words + MORE for words in counts])
        require(report["completionTokens"] == due, f"{report['completionTokens']} instead of {due}")
        due = percentiles(*([told(backend, content) for content in bodies] for backend in backends.values()))
        require(report["length"] == due, f"{report['length']} instead of {due}")
        # Twice the words that both have over the words of both.
        due = sum(2 * words / (2 * words + MORE) for words in counts) / len(counts)
        require(abs(report["similarity"] - due) < 1e-9, f"{report['similarity']} instead of {due}")
        require(report["statuses"] == [{"one": 200, "other": 200, "pairs": 120}], f"{report['statuses']}")
        require(report["fields"] == [{"field": ".said", "pairs": 120}], f"{report['fields']}")
        agree(sides(report), [([asked(words), asked(words) + MORE, words, words + MORE], 2 * words / (2 * words + MORE))
                              for words in counts])
        return f"{due:.3f} alike"

    @check("of streams the wait for the first byte stands there beside the whole time, and their text is compared")
    def _():
        ask(gateway, key, [body(10, stream=True, stream_options={"include_usage": True}) for _ in range(20)])
        report = rita.compare(*replay, "--limit", 20, code=2)["report"]
        require(report["completionTokens"] == percentiles([10] * 20, [10 + MORE] * 20), f"{report['completionTokens']}")
        require(abs(report["similarity"] - 20 / (20 + MORE)) < 1e-9, f"{report['similarity']}")
        agree(sides(report), [([1, 1 + MORE, 10, 10 + MORE], 20 / (20 + MORE))] * 20)
        first, whole = report["firstByte"], report["latency"]
        require(first["pairs"] == whole["pairs"] == 20, f"{first['pairs']} and {whole['pairs']} pairs")
        for side, pace, words in [("one", PACES["blue"], 10), ("other", PACES["green"], 10 + MORE)]:
            # The backend's own pace, in ms, and at most as much again: a busy machine may be late.
            require(pace * 1000 <= first["p50"][side] < pace * 2000, f"{side}: {first}")
            require(words * pace * 1000 <= whole["p50"][side] < words * pace * 2000, f"{side}: {whole}")
            for values in [first, whole]:
                ordered = [values[name][side] for name in SHARES]
                require(ordered == sorted(ordered), f"{side}: {values}")
        return f"first bytes {first['p50']['one']:.0f} and {first['p50']['other']:.0f} ms"

    @check("two texts and two JSON bodies are exactly as alike as by hand, mirrored and replayed, with the tokens of both")
    def _():
        pair = {name: gateway.backend("told") for name in ["blue", "green"]}
        for method, answers, due in KNOWN:
            endpoint, before = f"known-{method}", stored(gateway)
            gateway.apply(documents(pair, endpoint, top="mirror_traffic: {green: 100}\n"))
            for backend, answer in zip(pair.values(), answers):
                text, kind = (answer, "text/plain") if method == "text" else (json.dumps(answer), "application/json")
                tell(backend, 200, {"content-type": kind}, text)
            path, headers = f"/demo/{endpoint}/v1/chat/completions", {"api-key": gateway.key(endpoint)}
            answer = gateway.request("POST", path, body(1), headers)
            require(answer.status == 200, f"{answer.status}")
            wait_for(lambda: stored(gateway) == before + 2, 10, "both answers are stored")
            for command in ["compare", "replay"]:
                asked = [command, "demo", "--endpoint", endpoint, "--to", "green", "--slower", 1000]
                # One pair is too few for a verdict.
                report = rita.compare(*asked)["report"]
                agree(sides(report), [due])
                [example] = report["examples"]
                require(example["method"] == method and abs(example["similarity"] - due[1]) < 1e-12, f"{command}: {example}")
        return f"{', '.join(f'{alike:.3f}' for _, _, (_, alike) in KNOWN)} alike"
check.finish()
