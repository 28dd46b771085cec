"""Operators, the audit log, long changes and contexts, by the commands that people use, from here and from elsewhere."""
import contextlib
import json
import pathlib
import sqlite3
import subprocess
import time

from harness import Checks, Gateway, Setting, free_port, require, to, upstream_documents

check = Checks("operators")
PASSWORD = "a password of the tests"


def elsewhere(gateway, *arguments, home, status=0, **options):
    """A command of somebody who has no configuration file: what it prints."""
    result = subprocess.run(
        [gateway.setting.gatehouse, *arguments], cwd=home, env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60,
        **{"stdin": subprocess.DEVNULL, **options})
    require((result.returncode == 0) == (status == 0), f"{arguments} exited {result.returncode}: {result.stderr[-300:]}")
    return result.stdout if status == 0 else result.stderr


def call(gateway, method, path, token, body=None):
    connection = gateway.connection(port=gateway.admin)
    connection.request(method, f"/api/v1/{path}", json.dumps(body) if body is not None else None,
                       {"authorization": f"Bearer {token}", "content-type": "application/json"})
    response = connection.getresponse()
    response.content = response.read()
    connection.close()
    return response


def check_accounts(gateway, home):
    @check("an operator logs in from elsewhere, with a context, and has its role and no more")
    def _():
        gateway.command("operators", "add", "alice", "--role", "deployer", "--tenant", "demo", "--password",
                        input=PASSWORD + "\n", stdin=None)
        server = f"https://localhost:{gateway.admin}"
        elsewhere(gateway, "context", "add", "lab", "--server", server, "--ca", gateway.authority, home=home)
        elsewhere(gateway, "login", "alice", home=home, input="wrong password\n", stdin=None, status=1)
        elsewhere(gateway, "login", "alice", home=home, input=PASSWORD + "\n", stdin=None)
        book = home / ".config" / "gatehouse" / "contexts.yaml"
        require(book.stat().st_mode & 0o777 == 0o600, "others may read the contexts")
        shown = json.loads(elsewhere(gateway, "operators", "show", "--output", "json", home=home))
        require(shown == {"name": "alice", "grants": [{"role": "deployer", "tenant": "demo"}]}, f"{shown}")
        elsewhere(gateway, "deployments", "list", "demo/chat", home=home)
        refused = elsewhere(gateway, "keys", "list", "demo/chat", home=home, status=1)
        require("role" in refused, refused)
        elsewhere(gateway, "tenants", "show", "other", home=home, status=1)

    @check("an account that is disabled, and a token that is revoked, open nothing from the next request on")
    def _():
        made = gateway.created("operators", "token", "alice", "--expires", "1d")
        require(call(gateway, "GET", "me", made["token"]).status == 200, "the token opens nothing")
        gateway.command("operators", "revoke-token", "alice", made["id"])
        require(call(gateway, "GET", "me", made["token"]).status == 401, "the revoked token opens")
        gateway.command("operators", "disable", "alice")
        elsewhere(gateway, "deployments", "list", "demo/chat", home=home, status=1)
        gateway.command("operators", "enable", "alice")
        elsewhere(gateway, "deployments", "list", "demo/chat", home=home)

    @check("a principal's token of the built-in issuer has the role that its tenant gave it")
    def _():
        principal = gateway.created("principals", "create", "demo/robot")
        form = (f"grant_type=client_credentials&client_id={principal['clientId']}"
                f"&client_secret={principal['secrets'][0]['secret']}&scope=https://management.azure.com/.default")
        connection = gateway.connection(port=gateway.admin)
        connection.request("POST", "/adfs/oauth2/v2.0/token", form,
                           {"content-type": "application/x-www-form-urlencoded"})
        token = json.loads(connection.getresponse().read())["access_token"]
        connection.close()
        require(call(gateway, "GET", "tenants/demo", token).status == 403, "it has a role that nobody gave it")
        gateway.command("roles", "assign", "demo/robots", "--role", "admin", "--application", principal["clientId"],
                        "--issuer", "built-in")
        require(call(gateway, "GET", "tenants/demo", token).status == 200, "it has no role")
        require(call(gateway, "GET", "tenants/other", token).status == 403, "it has a role elsewhere")
        require(call(gateway, "PUT", "tenants/demo/endpoints/more", token, {}).status == 201, "it makes no endpoint")
        newest = gateway.created("audit", "list", "--limit", "1")["value"][0]
        require(newest["operator"].startswith("token:") and newest["address"] == "127.0.0.1", f"{newest}")


def check_operations(gateway):
    @check("a deployment whose backend is there is ready when its command returns, step by step")
    def _():
        started = time.monotonic()
        result = subprocess.run(
            [gateway.setting.gatehouse, "apply", "-f", gateway.directory / "chat.yaml", "--config",
             gateway.configuration], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, timeout=60)
        require(result.returncode == 0, result.stderr)
        require("0:00:00.0 | configuration stored and served" in result.stderr, result.stderr)
        require("instance 1 ready" in result.stderr and "succeeded" in result.stderr, result.stderr)
        return f"{time.monotonic() - started:.2f} s"

    @check("while the readiness probe fails the state is Creating, then Failed with its last answer")
    def _():
        backend = gateway.backend("openai")
        path = gateway.directory / "slow.yaml"
        path.write_text(json.dumps({
            "name": "slow", "endpoint_name": "chat",
            "readiness_probe": {"initial_delay": 1, "period": 1, "timeout": 1, "failure_threshold": 3},
            "gatehouse": {"tenant": "demo", "upstream": {
                "urls": [f"http://127.0.0.1:{backend.port}"], "probe": {"readiness": "/missing"}}}}))
        gateway.command("apply", "-f", path, "--no-wait")
        state = json.loads(gateway.command("deployments", "show", "demo/chat/slow", "--output", "json"))
        require(state["provisioningState"] == "Creating" and not state["isReady"], f"{state['provisioningState']}")
        result = subprocess.run(
            [gateway.setting.gatehouse, "apply", "-f", path, "--config", gateway.configuration],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        require(result.returncode != 0, "apply has succeeded")
        require("had no ready instance after 4 s" in result.stderr and "/missing" in result.stderr, result.stderr)
        state = json.loads(gateway.command("deployments", "show", "demo/chat/slow", "--output", "json"))
        require(state["provisioningState"] == "Failed", f"{state['provisioningState']}")
        gateway.command("deployments", "delete", "demo/chat/slow")
        return result.stderr.strip().splitlines()[-2][-90:]

    @check("a change is conditional: of two with the same tag one is made")
    def _():
        token = (gateway.directory / "operator.token").read_text().strip()
        path = "tenants/demo/endpoints/chat"
        tag = call(gateway, "GET", path, token).getheader("etag")
        connection = gateway.connection(port=gateway.admin)
        statuses = []
        for text in ["one", "two"]:
            body = json.loads(call(gateway, "GET", path, token).content)
            body["description"] = text
            connection.request("PUT", f"/api/v1/{path}", json.dumps(body), {
                "authorization": f"Bearer {token}", "content-type": "application/json", "if-match": tag})
            response = connection.getresponse()
            response.read()
            statuses.append(response.status)
        connection.close()
        require(statuses == [200, 412], f"{statuses}")


def check_audit(gateway):
    @check("the audit log survives kill -9, and shows what was altered behind its back")
    def _():
        gateway.command("tenants", "create", "later")
        gateway.kill()
        gateway.start()
        entries = gateway.created("audit", "list")["value"]
        require(entries[0]["resource"] == "later" and entries[0]["operator"] == "operator.token", f"{entries[0]}")
        require(gateway.created("audit", "verify")["good"], "not good")
        gateway.stop()
        with contextlib.closing(sqlite3.connect(gateway.store)) as store:
            store.execute("DROP TRIGGER audit_is_not_altered")
            store.execute("UPDATE audit SET author = 'nobody' WHERE number = 3")
            store.commit()
        gateway.start()
        result = subprocess.run(
            [gateway.setting.gatehouse, "audit", "verify", "--config", gateway.configuration], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30)
        require(result.returncode != 0 and "entry 3 was altered" in result.stdout, result.stdout + result.stderr)

    @check("no secret is in the store, its log of writes, or the gateway's log")
    def _():
        canaries = [PASSWORD, "canary-header-value", "canary-variable-value"]
        gateway.manage("PUT", "demo/endpoints/chat/deployments/only", {
            "upstream": {"urls": [f"http://127.0.0.1:{free_port()}"], "headers": {"x-key": canaries[1]}},
            "environmentVariables": {"A": canaries[2]}})
        token = gateway.created("operators", "token", "alice")["token"]
        for file in gateway.directory.rglob("*"):
            if not file.is_file() or file.suffix in {".yaml", ".token", ".key"}:
                continue
            content = file.read_bytes()
            for canary in [*canaries, token]:
                require(canary.encode() not in content, f"{canary[:12]} is in {file.name}")


def check_isolation(gateway):
    @check("the admin API is not reachable through the data port, with any host, path or form")
    def _():
        token = (gateway.directory / "operator.token").read_text().strip()
        hosts = ["localhost", f"localhost:{gateway.admin}", "127.0.0.1", "admin", f"127.0.0.1:{gateway.admin}"]
        paths = ["/api/v1/tenants", "//api/v1/tenants", "/./api/v1/tenants", "/x/../api/v1/tenants", "/%61pi/v1/tenants",
                 "/api/v1/openapi.json", "/api/v1/me", f"https://localhost:{gateway.admin}/api/v1/tenants",
                 "/demo/chat/../../api/v1/tenants"]
        count = 0
        for host in hosts:
            for path in paths:
                connection = gateway.connection()
                connection.putrequest("GET", path, skip_host=True)
                connection.putheader("host", host)
                connection.putheader("authorization", f"Bearer {token}")
                connection.endheaders()
                response = connection.getresponse()
                content = response.read()
                connection.close()
                count += 1
                require(response.status in (400, 401, 404, 421), f"{host} {path}: {response.status}")
                require(b"demo" not in content and b"grants" not in content, f"{host} {path}: {content[:100]}")
        return f"{count} requests"


with Gateway(Setting(), "operators", threads=2) as gateway:
    home = pathlib.Path(gateway.directory / "home")
    home.mkdir()
    echo = gateway.backend("echo")
    (gateway.directory / "chat.yaml").write_text(upstream_documents("chat", to(echo)))
    gateway.command("apply", "-f", gateway.directory / "chat.yaml")
    gateway.command("tenants", "create", "other")
    check_accounts(gateway, home)
    check_operations(gateway)
    check_isolation(gateway)
    check_audit(gateway)
check.finish()
