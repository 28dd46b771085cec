"""Each filter of `captures list` finds those captures that it must, and no other."""
import datetime
import json
import time

from harness import Checks, Gateway, Setting, require, to, upstream_documents, wait_for
from reviewing import Reviewer, stored, tell

check = Checks("capture_filters")
# Whose request it is, and what its backend answers: status, tokens of the prompt and of the answer, a word.
SENT = {
    "one": ("chat", "primaryKey", 200, (3, 7), "heron"),
    "two": ("chat", "secondaryKey", 200, (40, 60), "grey heron"),
    "bad": ("chat", "primaryKey", 500, None, "stork"),
    "slow": ("late", "primaryKey", 200, None, ""),
    "last": ("late", "secondaryKey", 200, None, ""),
}
DELAY_MS = 400


def send(gateway, backend, name):
    endpoint, account, status, tokens, word = SENT[name]
    usage = {"usage": dict(zip(["prompt_tokens", "completion_tokens"], tokens))} if tokens else {}
    tell(backend, status, {"content-type": "application/json"}, json.dumps({"said": word, **usage}))
    key = gateway.created("keys", "list", f"demo/{endpoint}")[account]
    answer = gateway.request("POST", f"/demo/{endpoint}/v1/completions", {"model": "m", "prompt": "a"},
                             {"api-key": key, "x-request-id": f"request-{name}"})
    require(answer.status == status, f"{name}: {answer.status}")


def now():
    """In whole seconds, of which there is a new one before and after it."""
    time.sleep(1.1)
    moment = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    time.sleep(1.1)
    return moment


def documents(quick, late):
    settings = {"upstream": {"urls": [f"http://127.0.0.1:{late.port}"]}}
    rule = {"sampling_rate": 1}
    return "---\n".join([upstream_documents("chat", to(quick), capture=rule),
                         upstream_documents("late", {"blue": (100, settings)}, capture=rule)])


with Gateway(Setting(), "capture-filters") as gateway:
    gateway.command("tenants", "create", "demo")
    log = gateway.directory / "late.log"
    quick, late = gateway.backend("told"), gateway.backend("logging", "--log", log, "--delay", DELAY_MS / 1000)
    gateway.apply(documents(quick, late))
    rita = Reviewer(gateway)
    for name in ["one", "two", "bad"]:
        send(gateway, quick, name)
    noon = now()
    for name in ["slow", "last"]:
        send(gateway, quick, name)
    wait_for(lambda: stored(gateway) == len(SENT), 10, "all are stored")
    wait_for(lambda: rita.list("--text", "answered_by"), 10, "all are searchable")
    ids = {row["requestId"].removeprefix("request-"): row["id"] for row in rita.list()}
    rita.command("captures", "label", "demo", ids["two"], "bird")
    rita.command("captures", "label", "demo", ids["last"], "other")

    def finds(*due):
        """Each of these lists must have these names, the newest first."""
        names, wrong = {number: name for name, number in ids.items()}, []
        for *arguments, expected in due:
            found = " ".join(names[row["id"]] for row in rita.list(*arguments))
            if found != expected:
                wrong.append(f"{arguments} finds {found or 'nothing'} instead of {expected or 'nothing'}")
        require(not wrong, " | ".join(wrong))
        return f"{len(due)} lists"

    @check("captures are found by their endpoint, deployment, caller and request")
    def _():
        return finds(["last slow bad two one"],
                     ["--endpoint", "chat", "bad two one"], ["--endpoint", "late", "last slow"],
                     ["--deployment", "only", "bad two one"], ["--deployment", "blue", "last slow"],
                     ["--caller", "demo/chat#primary", "bad one"], ["--caller", "demo/chat#secondary", "two"],
                     ["--caller", "demo/late#secondary", "last"], ["--request", "request-two", "two"])

    @check("captures are found by a status, and by a range of them")
    def _():
        return finds(["--status", "200", "last slow two one"], ["--status", "5xx", "bad"],
                     ["--status", "201-500", "bad"], ["--status", "201-499", ""], ["--status", "4xx", ""])

    @check("captures are found by when they came, how long they took and how many tokens they had")
    def _():
        return finds(["--since", noon, "last slow"], ["--until", noon, "bad two one"],
                     ["--since", noon, "--until", "2099-01-01", "last slow"], ["--slower-than-ms", DELAY_MS, "last slow"],
                     ["--slower-than-ms", 60_000, ""], ["--tokens", 10, "two one"], ["--tokens", 11, "two"],
                     ["--tokens", 100, "two"], ["--tokens", 101, ""])

    @check("the API refuses a time in which nothing can be, and says so")
    def _():
        connection = gateway.connection(30, port=gateway.admin)
        path = "/api/v1/tenants/demo/captures?since=2026-02-01T00:00:00Z&until=2026-02-01T00:00:00Z"
        connection.request("GET", path, headers={"authorization": f"Bearer {rita.token}"})
        answer = connection.getresponse()
        error = json.loads(answer.read())["error"]
        connection.close()
        require(answer.status == 400 and error["target"] == "since", f"{answer.status}: {error}")
        require("before until" in error["message"], error["message"])

    @check("captures are found by their labels, and by words and phrases of their bodies")
    def _():
        return finds(["--label", "bird", "two"], ["--label", "other", "last"], ["--text", "heron", "two one"],
                     ["--text", '"grey heron"', "two"], ["--text", "heron NOT grey", "one"],
                     ["--text", "stork OR grey", "bad two"], ["--text", "grey AND stork", ""])

    @check("several filters must all be right, and a page goes on behind another")
    def _():
        return finds(["--endpoint", "chat", "--status", "200", "--text", "heron", "two one"],
                     ["--caller", "demo/chat#primary", "--status", "200", "--text", "heron", "one"],
                     ["--endpoint", "late", "--caller", "demo/chat#primary", ""], ["--limit", 2, "last slow"],
                     ["--limit", 2, "--after", ids["slow"], "bad two"], ["--after", ids["two"], "one"],
                     ["--after", ids["one"], ""])
check.finish()
