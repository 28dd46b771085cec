"""Captured requests that are sent again, and mirrored pairs: what differs is named, what agrees agrees, and nobody pays."""
import html.parser
import json
import signal
import sqlite3
import threading
import time
import urllib.request

from chromium import Chromium
from harness import Checks, Gateway, Setting, require, upstream_documents, wait_for
from reviewing import RULE, Auditor, Canaries, secret_answer, secret_form, stored, tell

check = Checks("replay")
REQUESTS = 1000
# Seconds, and as many times: a busy machine's moods are less than that.
DELAY = 0.02
CALM = ["--slower", 2]
# Of one whose latency nobody compares.
SHORT = 0.008
# How many requests a replay with default settings sends at once.
AT_ONCE = 8
HOSTILE = ("</pre></td></table><script>window.pwned=1</script><img src=x onerror='window.pwned=2'>"
           "<svg/onload=window.pwned=3>\"'&lt;b&gt;")
LABELS = "3.0 % of answers differ: field `.label` in 30 of 1000"


def seen(backend):
    with urllib.request.urlopen(f"http://127.0.0.1:{backend.port}/seen", timeout=5) as answer:
        return json.load(answer)


def ask(gateway, key, bodies, headers=None, gap=0.0, endpoint="score"):
    """Sends bodies one after another over one connection."""
    connection = gateway.connection()
    for body in bodies:
        connection.request("POST", f"/demo/{endpoint}/score", json.dumps(body), {
            "api-key": key, "content-type": "application/json",
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", **(headers or {})})
        response = connection.getresponse()
        response.read()
        require(response.status == 200, f"{response.status}")
        time.sleep(gap)
    connection.close()


def ask_at_once(gateway, key, count, endpoint):
    """Sends so many requests over as many connections as a replay has."""
    parts = [[{"n": number} for number in range(first, count, AT_ONCE)] for first in range(AT_ONCE)]
    callers = [threading.Thread(target=ask, args=(gateway, key, part), kwargs={"endpoint": endpoint}) for part in parts]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()


def captured(auditor, count, *filters):
    """Waits until so many captures are stored; the list shows 200."""
    def stored():
        page = json.loads(auditor.command("list", "demo", *filters, "--limit", 200, "--output", "json"))
        return len(page["value"]) >= min(count, 200)
    wait_for(stored, 20, f"{count} captures are stored")
    # All of a batch are there at once, a tenth of a second apart.
    time.sleep(0.5)


def accounts(gateway):
    """What the tenant, its key and its endpoint have used."""
    usage = gateway.created("usage", "show", "demo", "--by", "endpoint,deployment,key")["rows"]
    states = gateway.created("limits", "show", "demo/score").get("state") or []
    return usage, [(state["policy"], state["used"]) for state in states]


class Texts(html.parser.HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.text = set(), ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.elements.add(tag)
        self.elements.update(name for name, _ in attributes if name.startswith("on"))

    def handle_data(self, data):
        self.text += data


def documents(endpoint="score", **backends):
    settings = {"blue": {}, "green": {}, "red": {}, "narrow": {"max_concurrent_requests_per_instance": 2}}
    return upstream_documents(endpoint, {
        name: (100 if name == "blue" else 0, {
            "upstream": {"urls": [f"http://127.0.0.1:{backend.port}"]}, "price": {"per_request": 1}, **settings[name]})
        for name, backend in backends.items()
    }, capture={"sampling_rate": 1}, quotas=[{"requests": 1_000_000, "per": "month"}])


setting = Setting()
with Gateway(setting, "replay", threads=2) as gateway:
    gateway.command("tenants", "create", "demo")
    blue, green = (gateway.backend("scorer", "--delay", DELAY) for _ in range(2))
    narrow = gateway.backend("scorer", "--delay", SHORT)
    red = gateway.backend("scorer", "--delay", DELAY, "--wrong", 3, "--slow", 2.6)
    gateway.apply(documents(blue=blue, green=green, red=red, narrow=narrow))
    key = gateway.key("score")
    rita = Auditor(gateway, "rita", "reviewer", "deployer")
    crowded = ["replay", "demo", "--endpoint", "score"]
    replay = [*crowded, *CALM]
    # As they were captured.
    alone = ["--concurrency", 1]

    @check("1,000 requests that are replayed to a deployment as good as the first: the report says that they agree")
    def _():
        ask(gateway, key, ({"n": number, "note": HOSTILE} for number in range(REQUESTS)))
        captured(rita, REQUESTS)
        before = wait_for(lambda: (found := accounts(gateway))[0][0]["requests"] == REQUESTS and found, 10, "usage")
        page, file = gateway.directory / "good.html", gateway.directory / "good.json"
        comparison = rita.compare(*replay, "--to", "green", "--since", "1d", *alone, "--report", page, "--json", file)
        report = comparison["report"]
        require(report["verdict"] == "agree" and not report["regressions"], f"{report['regressions']}")
        require(report["pairs"] == report["agreed"] == REQUESTS, f"{report['agreed']} of {report['pairs']}")
        require(json.loads(file.read_text()) == comparison, "the file is another report")
        told = seen(green)
        require(told["all"] == told["replayed"] == REQUESTS, f"green was asked {told}")
        require(told["traced"] == told["credentials"] == 0, f"an old trace or a credential was sent: {told}")
        time.sleep(1)
        after = accounts(gateway)
        require(after == before, f"before {before}, after {after}")
        return f"p95 {report['latency']['p95']['one']:.1f} and {report['latency']['p95']['other']:.1f} ms"

    @check("replayed requests have receipts of their own, and no captures")
    def _():
        with sqlite3.connect(f"file:{gateway.receipts}?mode=ro", uri=True) as store:
            rows = store.execute("SELECT caller, deployment, mirror_of, status, upstream_status, count(*) FROM receipts "
                                 "WHERE mirror_of <> '' GROUP BY 1, 2, 3, 4, 5").fetchall()
        require(rows == [("replay", "green", "blue", 0, 200, REQUESTS)], f"{rows}")
        found = json.loads(rita.command("list", "demo", "--deployment", "green", "--output", "json"))["value"]
        require(not found, f"{len(found)} captures")
        connection = gateway.connection(port=gateway.admin)
        token = (gateway.directory / "operator.token").read_text().strip()
        connection.request("GET", "/metrics", headers={"authorization": f"Bearer {token}"})
        lines = connection.getresponse().read().decode().splitlines()
        connection.close()
        counted = [line for line in lines if line.startswith("gatehouse_replayed_requests_total")]
        require(len(counted) == 1 and counted[0].endswith(f" {REQUESTS}"), f"{counted}")

    @check("of one with 3 % wrong answers and a slower field the report names both, and the command ends with 2")
    def _():
        page = gateway.directory / "bad.html"
        comparison = rita.compare(*replay, "--to", "red", *alone, "--report", page, code=2)
        report = comparison["report"]
        require(report["verdict"] == "differs" and LABELS in report["regressions"], f"{report['regressions']}")
        slower = [words for words in report["regressions"] if "`.timing_ms` is slower, its median 2.6 times" in words]
        require(len(slower) == 1 and len(report["regressions"]) == 2, f"{report['regressions']}")
        require(len(report["examples"]) == 30, f"{len(report['examples'])} examples")
        pairs = report["allPairs"]
        numbers = [pair["capture"] for pair in pairs]
        require(len(pairs) == report["pairs"] == REQUESTS and numbers == sorted(set(numbers)), f"{len(pairs)} pairs")
        require(sum(not pair["agrees"] for pair in pairs) == report["pairs"] - report["agreed"], "pairs that differ")
        require(all(pair[side]["status"] == 200 and pair[side]["durationMs"] > 0 and pair[side]["bytes"] > 0
                    for pair in pairs for side in ["one", "other"]), f"{pairs[0]}")
        text = rita.command(*replay, "--to", "red", "--limit", 300, *alone, code=2)
        require("3.0 % of answers differ" in text and ".label" in text and "\x1b" not in text, text[:300])
        listed = json.loads(rita.command("report", "demo", "--output", "json"))["value"]
        require([entry["to"] for entry in listed] == ["red", "red", "green"], f"{listed}")
        again = rita.compare("report", "demo", comparison["id"], code=2)
        require(again == comparison, "it is another report afterwards")
        return "; ".join(report["regressions"])

    @check("no secret of a request or an answer is in a report, whichever of both deployments gave it")
    def _():
        first, second = gateway.backend("told"), gateway.backend("told")
        gateway.apply(upstream_documents("secret", {
            "blue": (100, {"upstream": {"urls": [f"http://127.0.0.1:{first.port}"]}}),
            "green": (0, {"upstream": {"urls": [f"http://127.0.0.1:{second.port}"]}})}, capture=RULE))
        canary, key_of_secret = Canaries(), gateway.key("secret")
        for backend, name in [(first, "first"), (second, "second")]:
            headers, text = secret_answer(lambda place: canary(f"{name} {place}"))
            tell(backend, 200, headers, text.replace("plain-marker", f"{name}-marker"))
        form, form_type = secret_form(canary)
        plain = [({"n": number}, {"x-vault-token": canary("header")}) for number in range(20)]
        for body, headers in [*plain, (form, {"content-type": form_type})]:
            answer = gateway.request("POST", "/demo/secret/score", body, {"api-key": key_of_secret, **headers})
            require(answer.status == 200, f"{answer.status}")
        captured(rita, 21, "--endpoint", "secret")
        page, file = gateway.directory / "secret.html", gateway.directory / "secret.json"
        told = rita.command("replay", "demo", "--endpoint", "secret", "--to", "green", *CALM, "--output", "json",
                            "--report", page, "--json", file, code=2)
        report = json.loads(told)["report"]
        require(report["pairs"] == 20 and report["agreed"] == 0, f"{report}")
        texts = [told, page.read_text(), file.read_text()]
        found = [place for text in texts for place in canary.found_in(text)]
        require(len(canary) >= 15 and not found, f"{found}")
        require(all("second-marker-of-the-answer" in text for text in texts), "the answers are not shown")

    @check("a hostile body is text in the page, and nothing of it runs")
    def _():
        page = gateway.directory / "bad.html"
        parsed = Texts(page.read_text())
        strange = parsed.elements & {"script", "img", "svg", "a", "iframe", "onload", "onerror"}
        require(not strange and HOSTILE in parsed.text, f"{strange}")
        with Chromium(gateway.directory, gateway.authority, {}) as browser:
            shown = browser.open(f"file://{page}")
            require(shown.evaluate("window.pwned || 0") == 0, "a script of a body ran")
            require(shown.evaluate("document.querySelectorAll('script,img,svg').length") == 0, "it made elements")
            require("<script>window.pwned=1</script>" in shown.evaluate("document.body.innerText"), "it is not shown")

    @check("one role is not enough to replay, and a reviewer's alone compares")
    def _():
        for name, role, words in [("rex", "reviewer", "owner, admin or deployer"), ("dora", "deployer", "reviewer")]:
            told = Auditor(gateway, name, role).command(*replay, "--to", "green", code=1)
            require(words in told, told)
        require(seen(green)["all"] == REQUESTS, "green was asked")

    @check("a report that cannot be written is refused before anything is sent, and others read none")
    def _():
        before = seen(green)["all"]
        for option in ["--report", "--json"]:
            told = rita.command(*replay, "--to", "green", option, gateway.directory / "missing" / "report", code=1)
            require("missing/report cannot be written: No such file or directory" in told and "Domain" not in told, told)
        require(seen(green)["all"] == before, "green was asked")
        modes = {name: (gateway.directory / name).stat().st_mode & 0o777 for name in ["good.html", "good.json"]}
        require(set(modes.values()) == {0o600}, f"{modes}")

    @check("what is wrong with a command is said with the option or the member that is meant, and nothing is sent")
    def _():
        before = seen(green)["all"]
        for options, code, words in [(["--similarity", "nan"], 64, "--similarity must be 0.0 to 1.0"),
                                     (["--status", "6xx"], 64, "--status: \"6xx\" is no status"),
                                     (["--since", "tomorrow"], 64, "write 2026-12-31"),
                                     (["--ignore", ".choices[0].text"], 64, "write .choices[].text"),
                                     (["--speed", "2x"], 1, "\"2x\" is no speed"),
                                     (["--slower-than-ms=-1"], 1, "slowerThanMs: must be 0 to 86400000")]:
            told = rita.command(*crowded, "--to", "green", *options, code=code)
            require(words in told and "Domain" not in told, f"{options}: {told}")
        told = rita.command("label", "demo", 1, " ", code=1)
        require("label: must be at most 64 visible ASCII characters" in told, told)
        require(seen(green)["all"] == before, "green was asked")

    @check("a replay takes no more places than the deployment has")
    def _():
        report = rita.compare(*crowded, "--to", "narrow", "--limit", 200, "--concurrency", 16)["report"]
        told = seen(narrow)
        require(report["pairs"] == told["all"] == 200 and told["most"] == 2, f"{told}")

    @check("what was redacted or cut is left out and counted, streams are compared by their text")
    def _():
        ask(gateway, key, [{"n": 1, "password": "x"}, {"n": 2, "note": "y" * 70_000}], {"x-part": "odd"})
        ask(gateway, key, [{"n": number, "stream": True} for number in range(10)], {"cookie": "a=b"})
        captured(rita, 10, "--text", "stream")
        comparison = rita.compare(*replay, "--to", "green", "--limit", 12, *alone)
        reasons = {skip["reason"]: skip["count"] for skip in comparison["skipped"]}
        require(reasons == {"the request is redacted": 1, "the request is longer than what was kept of it": 1},
                f"{reasons}")
        report = comparison["report"]
        require(report["pairs"] == report["agreed"] == 10, f"{report}")
        require(any("10 requests were sent without headers" in note for note in report["notes"]), f"{report['notes']}")
        wrong = rita.compare(*replay, "--to", "red", "--limit", 12, *alone, code=2)["report"]
        require(wrong["fields"] == [{"field": "text", "pairs": 3}], f"{wrong['fields']}")

    @check("at 1x requests come as far apart as they came, and Ctrl-C ends a replay with its report")
    def _():
        ask(gateway, key, [{"n": 50, "note": "pace"} for _ in range(20)], gap=0.1)
        captured(rita, 20, "--text", "pace")
        began = time.monotonic()
        fast = rita.compare(*crowded, "--to", "green", "--limit", 20)
        middle = time.monotonic()
        paced = rita.start(*replay, "--to", "green", "--limit", 20, "--speed", "1x", "--output", "json")
        output = paced.communicate(timeout=60)[0]
        taken, quick = time.monotonic() - middle, middle - began
        require(json.loads(output)["report"]["pairs"] == fast["report"]["pairs"] == 20, "pairs")
        require(1.9 <= taken, f"20 requests over 2 s took {taken:.1f} s at 1x")
        process = rita.start(*replay, "--to", "green", "--limit", 20, "--speed", "1x", "--output", "json")
        process.stderr.readline()
        time.sleep(0.8)
        process.send_signal(signal.SIGINT)
        cancelled = json.loads(process.communicate(timeout=30)[0])
        require(cancelled["state"] == "cancelled" and 0 < cancelled["report"]["pairs"] < 20, f"{cancelled['state']}")
        return f"{taken:.1f} s at 1x, {quick:.1f} s at most speed"

    @check("mirrored pairs give the same verdict, in sum and side by side")
    def _():
        gateway.manage("PUT", "demo/endpoints/score/traffic", {"mirrorTraffic": {"red": 100}})
        ask(gateway, key, ({"n": number, "note": "mirrored"} for number in range(REQUESTS)))
        captured(rita, 200, "--deployment", "red")
        wait_for(lambda: seen(red)["all"] - seen(red)["replayed"] == REQUESTS, 20, "all copies are answered")
        time.sleep(1)
        comparison = rita.compare("compare", "demo", "--endpoint", "score", "--to", "red", "--since", "1d",
                                  *CALM, code=2)
        report = comparison["report"]
        require(comparison["kind"] == "mirror" and report["pairs"] == REQUESTS, f"{comparison['kind']} {report['pairs']}")
        require(LABELS in report["regressions"], f"{report['regressions']}")
        require(any("`.timing_ms` is slower, its median 2.6 times" in words for words in report["regressions"]),
                f"{report['regressions']}")
        number = report["examples"][0]["capture"]
        text = rita.command("show", "demo", number)
        require("the answers differ" in text and ".label" in text and "fish mirrored" in text, text[-400:])
        rex = Auditor(gateway, "rex2", "reviewer")
        rex.command("compare", "demo", "--endpoint", "score", "--to", "red", "--limit", 100, code=2)
        return "; ".join(report["regressions"])

    @check("with the default settings both verdicts are the same on 1,000 requests that were captured under a replay's load")
    def _():
        equal = {name: gateway.backend("scorer", "--delay", DELAY) for name in ["blue", "green"]}
        worse = gateway.backend("scorer", "--delay", DELAY, "--wrong", 3, "--slow", 2.6)
        gateway.apply(documents("usual", **equal, red=worse))
        before = stored(gateway)
        ask_at_once(gateway, gateway.key("usual"), REQUESTS, "usual")
        wait_for(lambda: stored(gateway) == before + REQUESTS, 20, "all captures are stored")
        usual = ["replay", "demo", "--endpoint", "usual", "--to"]
        good = rita.compare(*usual, "green")["report"]
        require(good["verdict"] == "agree" and not good["regressions"], f"{good['regressions']}")
        require(good["pairs"] == good["agreed"] == REQUESTS, f"{good['agreed']} of {good['pairs']}")
        bad = rita.compare(*usual, "red", code=2)["report"]
        require(bad["verdict"] == "differs" and LABELS in bad["regressions"], f"{bad['regressions']}")
        require(any("`.timing_ms` is slower, its median 2.6 times" in words for words in bad["regressions"]),
                f"{bad['regressions']}")
        most = [seen(backend)["most"] for backend in [equal["green"], worse]]
        require(most == [AT_ONCE] * 2, f"{most} at once")
        return f"p95 {good['latency']['p95']['one']:.1f} and {good['latency']['p95']['other']:.1f} ms"
check.finish()
