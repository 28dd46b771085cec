"""Who meets which deployment: sticky assignments of every kind, exactly, a share of the callers, and a default that moves."""
import json
import uuid

from foreign_issuer import APPLICATION, ForeignIssuer
from harness import Checks, Failure, Gateway, Setting, require, upstream_documents, wait_for

check = Checks("sticky")
ENDPOINT = "demo/who"
MASK = 2 ** 64 - 1


def stable_hash(*texts):
    """The hash that callers are assigned by. It may never change, or all of them would move with a new release."""
    state = 0xcbf29ce484222325
    for text in texts:
        for byte in text.encode() + b"\xff":
            state = (state ^ byte) * 0x100000001b3 & MASK
    bits = state + 0x9e3779b97f4a7c15 & MASK
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9 & MASK
    bits = (bits ^ bits >> 27) * 0x94d049bb133111eb & MASK
    return bits ^ bits >> 31


def one_of_each_hundredth(make):
    """100 callers, one in each hundredth of the endpoint's; `make` gives a new one and what the gateway calls it."""
    found = {}
    while len(found) < 100:
        caller, name = make()
        found.setdefault(stable_hash("sticky", ENDPOINT, name) * 100 >> 64, caller)
    return [found[hundredth] for hundredth in range(100)]


def unique():
    return uuid.uuid4().hex[:12]


class Callers:
    """One caller of each hundredth, told apart by what `sticky` names; the headers of each one's requests."""

    def __init__(self, gateway, kind, sticky, headers):
        self.gateway, self.kind, self.sticky, self.headers = gateway, kind, sticky, headers

    def apply(self, weights):
        self.gateway.manage("PUT", "demo/endpoints/who", {
            **self.gateway.manage("GET", "demo/endpoints/who"), "sticky": self.sticky, "traffic": weights})

    def weigh(self, **weights):
        self.gateway.manage("PUT", "demo/endpoints/who/traffic", {"traffic": weights})

    def assigned(self):
        return assigned(self.gateway, self.headers)


def assigned(gateway, headers):
    """The deployment that answers each of these requests."""
    connection = gateway.connection()
    found = []
    for fields in headers:
        connection.request("POST", "/demo/who/score", "{}", {"content-type": "application/json", **fields})
        response = connection.getresponse()
        content = response.read()
        require(response.status == 200, f"{fields} got {response.status}: {content[:200]}")
        found.append(response.getheader("azureml-model-deployment"))
    connection.close()
    return found


def moved(before, after):
    """How many went from where to where."""
    changes = [pair for pair in zip(before, after) if pair[0] != pair[1]]
    return {pair: changes.count(pair) for pair in set(changes)}


def callers_of_each_kind(gateway, issuer):
    key = {"api-key": gateway.key("who")}

    def of_header():
        name = unique()
        return {**key, "x-user": name}, name

    def of_cookie():
        name = unique()
        return {**key, "cookie": f"theme=dark; session={name}; x=1"}, name

    def of_subject():
        name = str(uuid.uuid4())
        return name, f"demo@{name}"

    def of_key():
        name = f"app-{unique()}"
        return name, f"demo#{name}"

    names = one_of_each_hundredth(of_key)
    secrets = [gateway.manage("POST", "demo/keys", {"name": name, "endpoints": ["who"]})["key"] for name in names]
    tokens = [issuer.token(oid=subject) for subject in one_of_each_hundredth(of_subject)]
    yield Callers(gateway, "key", {"by": "key"}, [{"api-key": secret} for secret in secrets])
    yield Callers(gateway, "token subject", {"by": "subject"}, [{"authorization": f"Bearer {token}"} for token in tokens])
    yield Callers(gateway, "header", {"by": "header", "name": "X-User"}, one_of_each_hundredth(of_header))
    yield Callers(gateway, "cookie", {"by": "cookie", "name": "session"}, one_of_each_hundredth(of_cookie))


def check_sticky(gateway, callers):
    @check(f"by {callers.kind}: a change of weights moves exactly the hundredths that must move; a restart moves nobody")
    def _():
        callers.apply({"blue": 50, "green": 50, "red": 0})
        first = callers.assigned()
        require(first.count("blue") == 50 and first.count("green") == 50, f"{first.count('blue')} of 100 are blue's")
        require(callers.assigned() == first, "a caller moved between two requests")
        callers.weigh(blue=70, green=30)
        second = callers.assigned()
        require(moved(first, second) == {("green", "blue"): 20}, f"50/50 to 70/30: {moved(first, second)}")
        gateway.stop()
        gateway.start()
        require(callers.assigned() == second, f"the restart: {moved(second, callers.assigned())}")
        callers.weigh(blue=40, green=30, red=30)
        third = callers.assigned()
        require(moved(second, third) == {("blue", "red"): 30}, f"70/30/0 to 40/30/30: {moved(second, third)}")
        callers.weigh(blue=70, green=30, red=0)
        last = callers.assigned()
        require(moved(third, last) == {("red", "blue"): 30}, f"back to 70/30/0: {moved(third, last)}")
        callers.weigh(blue=50, green=50)
        require(callers.assigned() == first, "with the first weights some are not where they were")
        return "20, 0, 30 and 30 of 100"


def check_strangers(gateway):
    @check("who shows nothing that stickiness goes by takes turns in the split")
    def _():
        gateway.manage("PUT", "demo/endpoints/who/traffic", {"traffic": {"blue": 50, "green": 50}})
        found = assigned(gateway, [{"api-key": gateway.key("who"), "cookie": "theme=dark; session="}] * 100)
        require(found.count("blue") == 50, f"{found.count('blue')} of 100 are blue's")


def check_canary(gateway):
    key = gateway.key("who")
    headers = [{"api-key": key, "x-user": f"user-{number}"} for number in range(1000)]

    def share(percent):
        gateway.manage("PUT", "demo/endpoints/who", {
            **gateway.manage("GET", "demo/endpoints/who"), "traffic": {"blue": 100, "green": 0, "red": 0},
            "sticky": {"by": "header", "name": "x-user"}, "canary": [{"deployment": "green", "callers": percent}]})
        return {number for number, name in enumerate(assigned(gateway, headers)) if name == "green"}

    @check("a canary of 20 % of the callers is the same callers each time, after a restart, and when it grows")
    def _():
        first = share(20)
        due = {number for number in range(1000)
               if stable_hash("canary", ENDPOINT, "green", f"user-{number}") % 10_000 < 2000}
        require(first == due, f"{len(first)} of 1,000, {len(due)} were due")
        # Four standard deviations.
        require(150 <= len(first) <= 250, f"{len(first)} of 1,000")
        gateway.stop()
        gateway.start()
        require(share(20) == first, "a caller changed sides")
        grown = share(30)
        require(first < grown and 242 <= len(grown) <= 358, f"{len(first - grown)} left, {len(grown)} of 1,000 at 30 %")
        require(share(20) == first, "a share that shrinks again keeps others")
        require(assigned(gateway, [{"api-key": key}] * 20) == ["blue"] * 20, "who has no name is in the share")
        return f"{len(first)} of 1,000 at 20 %, {len(grown)} at 30 %"


def check_versions(gateway):
    def answers(query=""):
        response = gateway.request("POST", f"/demo/versions/score{query}", {}, {"api-key": key})
        return response.getheader("azureml-model-deployment")

    def entries():
        return gateway.created("audit", "list", "--tenant", "demo", "--limit", "5")["value"]

    key = gateway.key("versions")

    @check("the default version moves in one call of the API, and the audit log has it as one change, before and after")
    def _():
        require(answers() == "blue", "the default is not 1")
        number = entries()[0]["number"]
        gateway.manage("PUT", "demo/endpoints/versions/traffic", {"defaultVersion": "2"})
        require([answers(), answers("?modelVersion=1")] == ["green", "blue"], "it has not moved, or took the other along")
        [entry] = [entry for entry in entries() if entry["number"] > number]
        require((entry["action"], entry["kind"], entry["resource"]) == ("updated", "endpoint", "demo/versions"), f"{entry}")
        require(entry["operator"] == "operator.token" and entry["address"] == "127.0.0.1", f"{entry}")
        require("PUT" in entry["request"] and entry["request"].endswith("/versions/traffic"), entry["request"])
        before, after = (json.loads(entry[side]) for side in ["before", "after"])
        require(entry["fields"] == ["routing"], f"{entry['fields']}")
        standard = [side["routing"]["versions"].pop("standard") for side in [before, after]]
        require(standard == ["1", "2"], f"from {standard[0]} to {standard[1]}")
        require(before == after, f"more has changed: {before} -> {after}")

    @check("a default that no deployment has is refused, and nothing moves")
    def _():
        number = entries()[0]["number"]
        try:
            gateway.manage("PUT", "demo/endpoints/versions/traffic", {"defaultVersion": "9"})
        except Failure as problem:
            require(" gave 4" in str(problem), f"{problem}")
        else:
            require(False, "it was taken")
        require(answers() == "green" and entries()[0]["number"] == number, "something has changed")


issuer = ForeignIssuer()
try:
    with Gateway(Setting(), "sticky", more="issuers:\n  allow_http: [127.0.0.0/8]\n") as gateway:
        backend = gateway.backend("logging", "--log", gateway.directory / "ids", "--delay", "0")
        upstream = {"upstream": {"urls": [f"http://127.0.0.1:{backend.port}"]}}
        gateway.apply("---\n".join([
            upstream_documents("who", {"blue": (100, upstream), "green": (0, upstream), "red": (0, upstream)},
                               auth_modes=["key", "aad_token"]),
            upstream_documents("versions", {"blue": (100, {**upstream, "model": "azureml:captions:1"}),
                                            "green": (0, {**upstream, "model": "azureml:captions:2"})},
                               versions={"query": "modelVersion", "default": "1"})]))
        gateway.command("issuers", "add", "demo/entra", *issuer.arguments)
        gateway.command("roles", "assign", "demo/callers", "--role", "invoke", "--application", APPLICATION,
                        "--endpoint", "who", "--issuer", "entra")
        wait_for(lambda: gateway.request("POST", "/demo/who/score", {}, {
            "authorization": f"Bearer {issuer.token()}"}).status == 200, 15, "the issuer's keys are known")
        for callers in callers_of_each_kind(gateway, issuer):
            check_sticky(gateway, callers)
        check_strangers(gateway)
        check_canary(gateway)
        check_versions(gateway)
finally:
    issuer.close()
check.finish()
