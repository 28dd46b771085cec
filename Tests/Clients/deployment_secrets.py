"""Secrets of deployments, by the commands that people use: sealed, used at once, and shown to nobody again."""
import concurrent.futures
import json
import subprocess
import threading

from harness import Checks, Gateway, Setting, require, upstream_documents, wait_for

check = Checks("deployment_secrets")
DEPLOYMENT = "demo/chat/only"


def documents(backend, header, tenant="demo"):
    upstream = {"urls": [f"http://127.0.0.1:{backend.port}"], "headers": {"x-backend-key": header}}
    return upstream_documents("chat", {"only": (100, {"upstream": upstream})}, tenant=tenant)


def refused(gateway, *arguments, **options):
    """What a command that must fail says."""
    result = subprocess.run(
        [gateway.setting.gatehouse, *arguments, "--config", gateway.configuration], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=60, **{"stdin": subprocess.DEVNULL, **options})
    require(result.returncode != 0, f"{arguments} has succeeded: {result.stdout}")
    return result.stdout


def put(gateway, value, name="backend-key", deployment=DEPLOYMENT):
    return gateway.command("deployments", "set-secret", deployment, name, input=value, stdin=None)


def seen(connection, key):
    """The header that the backend got."""
    connection.request("POST", "/demo/chat/score", "{}", {
        "api-key": key, "content-type": "application/json", "x-backend-key": "the caller's own"})
    return json.loads(connection.getresponse().read())["headers"].get("x-backend-key")


def check_use(gateway, backend):
    path = gateway.directory / "chat.yaml"

    @check("a document whose header refers to a secret that is not there is refused, with the command that sets it")
    def _():
        path.write_text(documents(backend, "Bearer ${secret:backend-key}"))
        gateway.command("check", "-f", path)
        gateway.command("tenants", "create", "demo")
        said = refused(gateway, "apply", "-f", path)
        require(f"gatehouse deployments set-secret {DEPLOYMENT} backend-key" in said, said)

    @check("a value from standard input may come before its deployment, and is in the backend's header then")
    def _():
        said = put(gateway, "canary-first\n")
        require("canary" not in said and "none" in said, said)
        gateway.command("apply", "-f", path)
        connection = gateway.connection()
        require(seen(connection, gateway.key("chat")) == "Bearer canary-first", "the header has another value")
        connection.close()
        shown = gateway.created("deployments", "list-secrets", DEPLOYMENT)["value"]
        require([(s["name"], s["headers"]) for s in shown] == [("backend-key", ["x-backend-key"])], f"{shown}")

    @check("a value from a file, changed under requests: none fails, and none after the command has the old one")
    def _():
        key, stop = gateway.key("chat"), threading.Event()

        def ask():
            connection, found = gateway.connection(), set()
            while not stop.is_set():
                found.add(seen(connection, key))
            connection.close()
            return found

        connections = [gateway.connection() for _ in range(4)]
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            asking = [pool.submit(ask) for _ in range(3)]
            try:
                for turn in range(12):
                    file = gateway.directory / "value.key"
                    file.write_text(f"canary-{turn}\r\n")
                    gateway.command("deployments", "set-secret", DEPLOYMENT, "backend-key", "--from-file", file)
                    for connection in connections:
                        require(seen(connection, key) == f"Bearer canary-{turn}", f"turn {turn} has the old value")
            finally:
                stop.set()
        found = set().union(*(future.result() for future in asking))
        expected = {f"Bearer canary-{turn}" for turn in range(12)} | {"Bearer canary-first"}
        require(found <= expected, f"the backend got {found - expected}")
        for connection in connections:
            connection.close()
        return f"{len(found)} values seen beside"

    @check("it is there after kill -9")
    def _():
        gateway.kill()
        gateway.start()
        key = gateway.key("chat")
        connection = gateway.connection()
        wait_for(lambda: seen(connection, key) == "Bearer canary-11", 10, "the header to have the last value")
        connection.close()


def check_secrecy(gateway, backend):
    @check("neither an argument nor an empty input is a value")
    def _():
        refused(gateway, "deployments", "set-secret", DEPLOYMENT, "backend-key", "canary-argument")
        require("empty" in refused(gateway, "deployments", "set-secret", DEPLOYMENT, "backend-key"), "not told")
        said = refused(gateway, "deployments", "set-secret", DEPLOYMENT, "backend-key", input="canary-a\ncanary-b\n",
                       stdin=None)
        require("control character" in said and "canary" not in said, said)

    @check("no answer, no audit entry, no file and no log has a value")
    def _():
        for arguments in [("deployments", "show", DEPLOYMENT), ("deployments", "list", "demo/chat"),
                          ("deployments", "list-secrets", DEPLOYMENT), ("audit", "list"), ("operations", "list")]:
            said = gateway.command(*arguments, "--output", "json")
            require("canary" not in said, f"{arguments}: {said[-300:]}")
        entries = [e for e in gateway.created("audit", "list")["value"] if e["kind"] == "deploymentSecret"]
        require(len(entries) == 13, f"the log has {len(entries)} entries of the secret")
        searched = 0
        for file in gateway.directory.rglob("*"):
            if file.is_file() and file.suffix != ".key":
                searched += 1
                require(b"canary-" not in file.read_bytes(), f"a value is in {file.name}")
        return f"{searched} files"

    @check("another tenant's deployment cannot refer to it, wherever it sends it")
    def _():
        path = gateway.directory / "thief.yaml"
        for name in ["backend-key", "demo/chat/only/backend-key", "demo/chat/only/secrets/backend-key"]:
            path.write_text(documents(backend, f"${{secret:{name}}}", tenant="other"))
            said = refused(gateway, "apply", "-f", path)
            require("no secret" in said and "canary" not in said, said)

    @check("one that a header refers to is not removed; it goes with its deployment")
    def _():
        said = refused(gateway, "deployments", "remove-secret", DEPLOYMENT, "backend-key")
        require("x-backend-key" in said, said)
        put(gateway, "canary-spare", "spare-key")
        gateway.command("deployments", "remove-secret", DEPLOYMENT, "spare-key")
        require("there is no" in refused(gateway, "deployments", "remove-secret", DEPLOYMENT, "spare-key"), "not told")
        gateway.command("endpoints", "delete", "demo/chat")
        said = refused(gateway, "apply", "-f", gateway.directory / "chat.yaml")
        require("no secret backend-key" in said, said)


with Gateway(Setting(), "deployment_secrets", threads=2) as gateway:
    backend = gateway.backend("echo")
    check_use(gateway, backend)
    check_secrecy(gateway, backend)
check.finish()
