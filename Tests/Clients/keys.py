"""Named keys: what they may open, what is known of them, and the same through files."""
import re
import time

from harness import Checks, Gateway, Setting, require, to, upstream_documents, wait_for

check = Checks("keys")
HEADERS = {"authorization": "Bearer {}", "api-key": "{}", "x-api-key": "{}", "ocp-apim-subscription-key": "{}"}


def status(gateway, key, path="/demo/one/score", header="api-key", body=None, source=None):
    return gateway.request("POST", path, body or {}, {header: HEADERS[header].format(key)}, source=source).status


def check_scopes(gateway):
    @check("a named key opens every endpoint of its tenant, in every header")
    def _():
        key = gateway.created("keys", "named", "create", "demo/all")["key"]
        found = {status(gateway, key, f"/demo/{name}/score", header) for name in ["one", "two"] for header in HEADERS}
        require(found == {200}, f"{found}")

    @check("its secret has a prefix, 256 random bits and a checksum; a mistyped one is no key")
    def _():
        made = [gateway.manage("POST", "demo/keys", {"name": f"many-{index}"})["key"] for index in range(100)]
        prefixes = {re.match(r"^[a-z]+[-_]", key).group(0) for key in made}
        require(len(prefixes) == 1 and len(set(made)) == 100, f"{prefixes}")
        require(min(map(len, made)) >= 43 + len(prefixes.pop()), f"{made[0]}")
        for path in [*gateway.directory.glob("*.db*"), gateway.directory / "gatehouse.log"]:
            content = path.read_bytes()
            require(not any(key.encode() in content for key in made), f"a key is in {path.name}")
        wrong = made[0][:-1] + ("A" if made[0][-1] != "A" else "B")
        require(status(gateway, wrong, source="127.0.4.1") == 401, "a mistyped key opens")

    @check("scopes: endpoints and URL forms")
    def _():
        key = gateway.created("keys", "named", "create", "demo/narrow", "--endpoint", "one", "--form", "path")["key"]
        chat = {"model": "one", "messages": []}
        found = [status(gateway, key), status(gateway, key, "/demo/two/score"),
                 status(gateway, key, "/v1/chat/completions", "authorization", chat),
                 status(gateway, key, "/openai/deployments/one/chat/completions", body=chat)]
        require(found == [200, 403, 403, 403], f"{found}")
        gateway.command("keys", "named", "update", "demo/narrow", "--all-forms", "--all-endpoints")
        found = [status(gateway, key, "/demo/two/score"), status(gateway, key, "/v1/chat/completions", body=chat)]
        require(found == [200, 200], f"after the update {found}")

    @check("when it was used last is known")
    def _():
        key = gateway.created("keys", "named", "create", "demo/used")["key"]
        require("lastUsedAt" not in gateway.created("keys", "named", "show", "demo/used"), "used before it was used")
        began = time.time()
        status(gateway, key)
        show = ["keys", "named", "show", "demo/used"]
        used = wait_for(lambda: gateway.created(*show).get("lastUsedAt"), 5, "lastUsedAt")
        moment = time.mktime(time.strptime(used[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
        require(abs(moment - began) <= 60, f"{used}")

    @check("a key of an endpoint's pair opens that endpoint only, and is shown again")
    def _():
        pair = gateway.created("keys", "list", "demo/one")
        found = [status(gateway, pair[name], f"/demo/{endpoint}/score") for name in ["primaryKey", "secondaryKey"]
                 for endpoint in ["one", "two"]]
        require(found == [200, 403, 200, 403], f"{found}")
        require(pair == gateway.created("keys", "list", "demo/one"), "another pair is shown")


def check_credentials(gateway):
    @check("the same credential twice is one; two different ones are refused, whatever the headers")
    def _():
        one, two = gateway.created("keys", "list", "demo/one").values()
        names, wrong = list(HEADERS), []
        for index, first in enumerate(names):
            for second in names[index + 1:]:
                for other, due in [(one, 200), (two, 401)]:
                    answer = gateway.request("POST", "/demo/one/score", {}, {
                        first: HEADERS[first].format(one), second: HEADERS[second].format(other)}, source="127.0.4.2")
                    if answer.status != due:
                        wrong.append(f"{first} and {second}: {answer.status} instead of {due}")
        require(not wrong, "; ".join(wrong))

    @check("a refused credential: WWW-Authenticate, one text for all, and late after 20 in a minute")
    def _():
        answers, seconds = [], []
        good = gateway.key("one")
        for index in range(24):
            started = time.monotonic()
            wrong = [good[:-4] + "AAAA", "x", "eyJhbGciOiJub25lIn0.e30.", good.upper()][index % 4]
            answers.append(gateway.request("POST", "/demo/one/score", {}, {
                "api-key": wrong, "x-request-id": "same-id-0001"}, source="127.0.4.3"))
            seconds.append(time.monotonic() - started)
        require({answer.status for answer in answers} == {401}, "another status")
        require(len({answer.content for answer in answers}) == 1, "the text says which part failed")
        require(all(answer.getheader("www-authenticate") for answer in answers), "no WWW-Authenticate")
        require(max(seconds[:20]) < 0.4 <= min(seconds[21:]), f"{[round(value, 2) for value in seconds]}")
        return f"{sum(seconds[:20]) / 20 * 1000:.0f} ms, then {min(seconds[21:]) * 1000:.0f} ms"


def check_files(gateway):
    documents = """
kind: tenant
name: filed
resource_group: ml
rate_limits: [{requests: 1000, per: minute}]
---
kind: key
name: app
endpoints: [one]
expires_at: 2099-01-01
quotas: [{requests: 5, per: month}]
---
kind: principal
name: batch
---
kind: issuer
name: entra
issuers: [https://login.test/v2.0]
audiences: [api://x]
keys_url: https://login.test/keys
---
kind: role
name: all
role: invoke
group: everybody
---
kind: webhook
name: ops
url: https://hooks.example.org/x
events: [quota.threshold]
---
"""

    @check("apply makes keys, principals, issuers, roles and webhooks, and finds nothing to do the second time")
    def _():
        path = gateway.directory / "filed.yaml"
        path.write_text(documents + upstream_documents("one", to(backend), tenant="filed"))
        first = gateway.created("apply", "-f", path, "--tenant", "filed")
        first = {change["resource"]: change for change in (first["value"] if "value" in first else first["changes"])}
        made = [change for change in first.values() if change["action"] == "created"]
        require(len(made) == 8, f"{sorted(first)}")
        secrets = [change for change in made if change.get("secret")]
        require(len(secrets) == 3, f"{len(secrets)} secrets are shown")
        [key] = [change["secret"] for change in secrets if "key" in change["resource"]]
        found = [status(gateway, key, "/filed/one/score") for _ in range(6)]
        require(found == [200] * 5 + [429], f"{found}")
        second = gateway.created("apply", "-f", path, "--tenant", "filed")
        actions = {change["action"] for change in (second["value"] if "value" in second else second["changes"])}
        require(actions == {"unchanged"}, f"{second}")
        require(status(gateway, key, "/filed/one/score") == 429, "applying again has opened the quota")

    @check("apply refuses what it does not know, with line and nearest name, and changes nothing")
    def _():
        path = gateway.directory / "wrong.yaml"
        path.write_text("kind: key\ntenant: filed\nname: other\nexpires_on: 2099-01-01\n")
        try:
            gateway.command("apply", "-f", path)
        except Exception as problem:
            require("wrong.yaml:4" in str(problem) and "expires_at" in str(problem), f"{problem}")
        else:
            require(False, "it was taken")
        names = {key["name"] for key in gateway.created("keys", "named", "list", "filed")["value"]}
        require(names == {"app"}, f"{names}")


setting = Setting()
with Gateway(setting, "keys", threads=2) as gateway:
    backend = gateway.backend("echo")
    gateway.apply("---\n".join(upstream_documents(name, to(backend)) for name in ["one", "two"]))
    check_scopes(gateway)
    check_credentials(gateway)
    check_files(gateway)
check.finish()
