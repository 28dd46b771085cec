"""Tokens of an issuer like Entra at the admin API: each role opens exactly what it may do, in its own tenant."""
import itertools
import json
import subprocess
import time
import uuid

from cryptography.hazmat.primitives.asymmetric import rsa

from foreign_issuer import ForeignIssuer
from harness import Checks, Gateway, Setting, require, to, upstream_documents, wait_for

check = Checks("admins")
ROLES = ["admin", "deployer", "key-admin", "reviewer"]
# One person for each role, and one without any.
PEOPLE = {role: str(uuid.uuid4()) for role in [*ROLES, "monitor", "nobody"]}
CHAT = "tenants/demo/endpoints/chat"
UPSTREAM = {"upstream": {"urls": ["http://127.0.0.1:1"]}}
# Loopback is for the gateway's own operators, and those of tenants that are listed.
MORE = "issuers: {allow_http: [127.0.0.0/8]}\nupstreams: {tenants: {demo: [127.0.0.0/8]}}\n"
# What is asked for, and the roles that may; whoever else asks gets 403 and changes nothing.
READ = [("GET", path, None, ROLES) for path in [
    "tenants/demo", "tenants/demo/endpoints", CHAT, f"{CHAT}/deployments", f"{CHAT}/deployments/blue",
    f"{CHAT}/deployments/blue/logs", f"{CHAT}/traffic", "tenants/demo/keys", "tenants/demo/issuers",
    "tenants/demo/roles", "tenants/demo/principals", "tenants/demo/webhooks"]]
SPECIAL = [("GET", "audit?tenant=demo", None, ["admin", "reviewer"]),
           ("GET", f"{CHAT}/keys", None, ["admin", "key-admin"])]
WRITE = [
    ("PUT", f"{CHAT}/traffic", {"traffic": {"blue": 60, "green": 40}}, ["admin", "deployer"]),
    ("PUT", f"{CHAT}/maintenance", {"message": "Back soon."}, ["admin", "deployer"]),
    ("DELETE", f"{CHAT}/maintenance", None, ["admin", "deployer"]),
    ("PUT", f"{CHAT}/deployments/more", UPSTREAM, ["admin", "deployer"]),
    ("DELETE", f"{CHAT}/deployments/more", None, ["admin", "deployer"]),
    ("POST", f"{CHAT}/keys/regenerate", {"slot": "secondary"}, ["admin", "key-admin"]),
    ("POST", "tenants/demo/keys", {"name": "app"}, ["admin", "key-admin"]),
    ("DELETE", "tenants/demo/keys/app", None, ["admin", "key-admin"]),
    ("PUT", "tenants/demo/endpoints/extra", {}, ["admin"]),
    ("DELETE", "tenants/demo/endpoints/extra", None, ["admin"]),
    ("PUT", "tenants/demo/roles/mine", {"role": "reviewer", "group": "g"}, ["admin"]),
    ("DELETE", "tenants/demo/roles/mine", None, ["admin"]),
    ("PUT", "tenants/demo", {"queueWeight": 3}, []),
    ("DELETE", "tenants/demo", None, []),
    ("PUT", "tenants/third", {}, []),
]
# The admin listener slows an address down after 20 refused credentials in a minute.
addresses = (f"127.0.2.{number}" for number in itertools.count(1))


def ask(gateway, token, method, path, body=None, source="127.0.0.1"):
    connection = gateway.connection(host="127.0.0.1", port=gateway.admin, source=source)
    connection.request(method, f"/api/v1/{path}", json.dumps(body) if body is not None else None,
                       {"authorization": f"Bearer {token}", "content-type": "application/json"})
    response = connection.getresponse()
    response.content = response.read()
    connection.close()
    return response


def entries(gateway, after=0):
    """The changes in the audit log behind this number, as the gateway's own operator sees them, the newest first."""
    token = (gateway.directory / "operator.token").read_text().strip()
    found = json.loads(ask(gateway, token, "GET", "audit?limit=100").content)["value"]
    return [entry for entry in found if entry["number"] > after]


def head(gateway):
    """The number of the last change."""
    return entries(gateway)[0]["number"]


def check_reads(gateway, issuer):
    @check("every role reads, keys and the audit log only those that may; without a role nothing opens")
    def _():
        wrong = []
        for method, path, _, roles in READ + SPECIAL:
            for person, oid in PEOPLE.items():
                status = ask(gateway, issuer.token(oid=oid), method, path).status
                if status != (200 if person in roles else 403):
                    wrong.append(f"{person}: {method} {path} {status}")
        require(not wrong, f"{len(wrong)}: {'; '.join(wrong[:8])}")
        return f"{len(READ + SPECIAL) * len(PEOPLE)} requests"


def check_writes(gateway, issuer):
    @check("each role writes exactly what it may; what is refused changes nothing, what is done has its holder's name")
    def _():
        wrong, done = [], 0
        for person, oid in PEOPLE.items():
            gateway.manage("PUT", "demo/endpoints/chat/traffic", {"traffic": {"blue": 100, "green": 0}})
            for method, path, body, roles in WRITE:
                before = head(gateway)
                status = ask(gateway, issuer.token(oid=oid), method, path, body).status
                authors = {entry["operator"] for entry in entries(gateway, before)}
                due = {f"token:entra/{oid}"} if person in roles else set()
                done += person in roles
                if authors != due or not (status < 300 if due else status == 403):
                    wrong.append(f"{person}: {method} {path} {status}, changes by {authors}")
        require(not wrong, f"{len(wrong)}: {'; '.join(wrong[:8])}")
        return f"{done} done, {len(WRITE) * len(PEOPLE) - done} refused"


def check_tenants(gateway, issuer, other):
    @check("a token of one tenant sees nothing of another, which might as well not exist")
    def _():
        mine, theirs = issuer.token(oid=PEOPLE["admin"]), other.token(oid=PEOPLE["admin"])
        for token, own, foreign in [(mine, "demo", "other"), (theirs, "other", "demo")]:
            listed = [tenant["name"] for tenant in json.loads(ask(gateway, token, "GET", "tenants").content)["value"]]
            require(listed == [own], f"the tenants of {own}'s admin are {listed}")
            require(ask(gateway, token, "GET", f"tenants/{own}/endpoints/chat").status == 200, f"{own} is closed")
            for method, path, body, _ in READ + SPECIAL + WRITE:
                before = head(gateway)
                answers = [ask(gateway, token, method, path.replace("demo", tenant), body)
                           for tenant in [foreign, "no-such-one"]]
                found = [answer.status for answer in answers]
                require(found == [403, 403] and head(gateway) == before, f"{own}: {method} {path}: {found}")
                words = [answer.content.replace(tenant.encode(), b"")
                         for answer, tenant in zip(answers, [foreign, "no-such-one"])]
                require(words[0] == words[1], f"{words}")
            seen = json.loads(ask(gateway, token, "GET", "audit").content)["value"]
            require(seen and not any(foreign in entry["resource"].split("/")[0] for entry in seen), f"{seen[:2]}")

    @check("the CLI takes such a token too, and refuses with the role that is missing")
    def _():
        def command(role, *arguments):
            return subprocess.run(
                [gateway.setting.gatehouse, *arguments, "--server", f"https://localhost:{gateway.admin}", "--ca",
                 gateway.authority, "--token", issuer.token(oid=PEOPLE[role])], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        shown, refused = (command("deployer", noun, "list", "demo/chat") for noun in ["deployments", "keys"])
        require(shown.returncode == 0 and "blue" in shown.stdout, f"{shown.stderr}")
        require(refused.returncode != 0 and "owner, admin or key-admin" in refused.stderr, f"{refused.stderr}")


def check_hostile(gateway, issuer, stranger):
    @check("expired and forged tokens are 401, in one sentence, and the good one goes on opening")
    def _():
        good, now = issuer.token(oid=PEOPLE["admin"]), int(time.time())
        header, payload, signature = good.split(".")
        evil, who = rsa.generate_private_key(65537, 2048), {"oid": PEOPLE["admin"]}
        tokens = {
            "expired": issuer.token(exp=now - 3600, **who), "not yet valid": issuer.token(nbf=now + 3600, **who),
            "without an end": issuer.token(exp=..., **who), "of another audience": issuer.token(aud="api://x", **who),
            "of another directory": issuer.token(tid=str(uuid.uuid4()), **who),
            "of an issuer that nobody trusts": stranger.token(**who),
            "signed by another key": issuer.token(key=evil, **who),
            "with an unknown key id": issuer.token(kid="nobody", key=evil, **who),
            "with another's payload": f"{header}.{issuer.token(oid=PEOPLE['reviewer']).split('.')[1]}.{signature}",
            "without a signature": f"{header}.{payload}.", "cut short": good[:-10],
        }
        bodies = set()
        for name, token in tokens.items():
            answer = ask(gateway, token, "GET", CHAT, source=next(addresses))
            require(answer.status == 401, f"a token {name} got {answer.status}")
            written = ask(gateway, token, "PUT", f"{CHAT}/traffic", {}, source=next(addresses)).status
            require(written == 401, f"a change with a token {name} got {written}")
            require(ask(gateway, good, "GET", CHAT).status == 200, f"after one {name} the good one is refused")
            bodies.add(answer.content)
        require(len(bodies) == 1, f"the refusals differ: {bodies}")
        return f"{len(tokens)} tokens"

    @check("a role that is taken away is gone with the next request, and an issuer that is trusted no more")
    def _():
        token = issuer.token(oid=PEOPLE["deployer"])
        require(ask(gateway, token, "GET", CHAT).status == 200, "it does not open")
        gateway.command("roles", "remove", "demo/deployer")
        require(ask(gateway, token, "GET", CHAT).status == 403, "the role outlives its assignment")
        token = issuer.token(oid=PEOPLE["reviewer"])
        require(ask(gateway, token, "GET", CHAT).status == 200, "it does not open")
        for role in ["admin", "key-admin", "reviewer", "monitor"]:
            gateway.command("roles", "remove", f"demo/{role}")
        gateway.command("issuers", "remove", "demo/entra")
        require(ask(gateway, token, "GET", CHAT).status == 401, "the issuer's token is one still")


issuer, other, stranger = (ForeignIssuer() for _ in range(3))
try:
    with Gateway(Setting(), "admins", threads=2, more=MORE) as gateway:
        echo = gateway.backend("echo")
        url = {"upstream": {"urls": [f"http://127.0.0.1:{echo.port}"]}}
        gateway.apply("---\n".join([upstream_documents("chat", {"blue": (100, url), "green": (0, url)}),
                                    upstream_documents("chat", to(echo), tenant="other")]))
        gateway.command("issuers", "add", "demo/entra", *issuer.arguments)
        gateway.command("issuers", "add", "other/entra", *other.arguments)
        for role in [*ROLES, "monitor"]:
            gateway.command("roles", "assign", f"demo/{role}", "--role", role, "--issuer", "entra", "--subject",
                            PEOPLE[role])
        gateway.command("roles", "assign", "other/admin", "--role", "admin", "--issuer", "entra", "--subject",
                        PEOPLE["admin"])
        for known, tenant in [(issuer, "demo"), (other, "other")]:
            token = known.token(oid=PEOPLE["admin"])
            wait_for(lambda: ask(gateway, token, "GET", f"tenants/{tenant}").status == 200, 15,
                     f"the keys of {tenant}'s issuer are known")
        check_reads(gateway, issuer)
        check_writes(gateway, issuer)
        check_tenants(gateway, issuer, other)
        check_hostile(gateway, issuer, stranger)
finally:
    for server in [issuer, other, stranger]:
        server.close()
check.finish()
