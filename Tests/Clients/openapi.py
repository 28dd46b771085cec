"""The admin API against its own description: schemathesis sends what the document allows and what it does not.

Bounded in examples and in time. What is looked for: a 5xx, a status, a content type or a body that the document does not
have; and that within those bounds no operation of the document was left out.
"""
import json
import os
import re
import subprocess
import sys
import urllib.parse

from harness import Checks, Gateway, Setting, require, to, upstream_documents, wait_for

check = Checks("openapi")
CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
          "response_schema_conformance")
# Names of things that are there, so that the good answers are seen too.
THERE = {"tenant": "demo", "endpoint": "chat", "deployment": "only", "key": "app", "principal": "robot",
         "issuer": "entra", "role": "callers", "webhook": "hook", "operator": "rita", "host": "other.test",
         "model": "small", "version": "1"}
SECONDS = 60
METHODS = ["get", "put", "post", "delete", "patch", "head", "options", "trace"]
# What was really sent, with its answers, as HTTP archives have it.
SENT = "sent.har"


def described(gateway, token):
    """The document as the admin server serves it."""
    connection = gateway.connection(port=gateway.admin)
    connection.request("GET", "/api/v1/openapi.json", headers={"authorization": f"Bearer {token}"})
    document = json.loads(connection.getresponse().read())
    connection.close()
    return document


def operations(document):
    """Every operation: its method and path, and what it is recognised by; what is spelled out goes before names."""
    found = [(f"{method.upper()} {path}", re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))))
             for path, methods in document["paths"].items() for method in methods if method in METHODS]
    return sorted(found, key=lambda operation: operation[0].count("{"))


def statuses(gateway, document):
    """The statuses that each operation answered with in all runs, by the archives of what was sent."""
    known = operations(document)
    found = {name: set() for name, _ in known}
    for archive in gateway.directory.glob(f"*/{SENT}"):
        for entry in json.loads(archive.read_text())["log"]["entries"]:
            method, path = entry["request"]["method"], urllib.parse.urlsplit(entry["request"]["url"]).path
            name = next((name for name, pattern in known
                         if name.startswith(f"{method} ") and pattern.fullmatch(path)), None)
            if name and entry["response"]["status"] > 0:
                found[name].add(entry["response"]["status"])
    return found


def prepare(gateway):
    echo = gateway.backend("echo")
    gateway.apply(upstream_documents("chat", to(echo)))
    gateway.command("keys", "named", "create", "demo/app")
    file = gateway.directory / "small.gguf"
    file.write_bytes(b"GGUF")
    gateway.command("models", "register", "demo/small", "--path", file)
    gateway.command("principals", "create", "demo/robot")
    gateway.manage("PUT", "demo/issuers/entra", {
        "issuers": ["https://login.test/1"], "audiences": ["x"], "keysUrl": "https://login.test/keys"})
    gateway.command("roles", "assign", "demo/callers", "--role", "invoke", "--group", "g", "--issuer", "entra")
    gateway.manage("PUT", "demo/webhooks/hook", {"url": f"http://127.0.0.1:{echo.port}/hook"})
    # One to play with, and one that is left alone.
    for name in ["rita", "rex"]:
        gateway.command("operators", "add", name, "--role", "reviewer", "--tenant", "demo")
    return gateway.created("operators", "token", "rex")["token"]


def attack(gateway, name, token, *options, examples=12, config=""):
    """One bounded run; its summary."""
    folder = gateway.directory / name
    folder.mkdir()
    # From a file: of a document that it fetches schemathesis leaves out the operation that serves it.
    document = folder / "openapi.json"
    document.write_text(json.dumps(described(gateway, token)))
    configuration = folder / "schemathesis.toml"
    configuration.write_text(config)
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", configuration, "run",
        document, "--url", f"https://localhost:{gateway.admin}", "--header", f"Authorization: Bearer {token}",
        "--tls-verify", gateway.authority, "--checks", CHECKS, "--phases", "examples,coverage,fuzzing",
        "--max-examples", examples, "--max-time", SECONDS, "--seed", "1", "--generation-database", "none", "--workers", "1",
        "--request-timeout", "20", "--suppress-health-check", "all", "--warnings", "off", "--no-color",
        "--report", "har", "--report-har-path", folder / SENT, *options]
    result = subprocess.run(
        [str(part) for part in command], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=SECONDS + 60, env=dict(os.environ, NO_COLOR="1"))
    (folder / "output.txt").write_text(result.stdout)
    summary = result.stdout[result.stdout.rfind("SUMMARY"):]
    problems = re.findall(r"^- (.*)$", result.stdout, re.MULTILINE)
    require(result.returncode == 0, f"exit {result.returncode}: {'; '.join(problems[:6]) or result.stdout[-500:]}")
    cases = re.search(r"(\d+) generated", summary)
    require(cases and int(cases.group(1)) > 300, f"hardly anything was sent: {summary[:300]}")
    return f"{cases.group(1)} requests"


with Gateway(Setting(), "openapi") as gateway:
    reviewer = prepare(gateway)
    owner = (gateway.directory / "operator.token").read_text().strip()

    @check("the owner, on names that are there: no 5xx, and nothing that the document does not have")
    def _():
        names = "\n".join(f'"path.{name}" = {json.dumps(value)}' for name, value in THERE.items())
        return attack(gateway, "named", owner, "--exclude-method", "DELETE", config=f"[parameters]\n{names}\n")

    @check("a tenant's reviewer, on any name")
    def _():
        # The owner's run may have suspended the tenant, and its operators with it.
        gateway.command("tenants", "resume", "demo")
        return attack(gateway, "reviewer", reviewer, examples=5)

    @check("the owner, on any name")
    def _():
        return attack(gateway, "any", owner)

    @check("every operation of the document was asked in these runs, and answered")
    def _():
        found = statuses(gateway, described(gateway, owner))
        missing = sorted(name for name in found if not found[name])
        require(found and not missing, f"{', '.join(missing)}: {len(missing)} of {len(found)} were not")
        good = [name for name in found if any(200 <= status < 300 for status in found[name])]
        return f"{len(found)} of {len(found)} operations, {len(good)} with a good answer"

    @check("after all that the gateway answers, and its audit log is whole")
    def _():
        require(gateway.process.poll() is None, "it is gone")
        wait_for(lambda: gateway.request("GET", "/healthz").status == 200, 5, "healthz")
        verdict = json.loads(gateway.command("audit", "verify", "--output", "json"))
        require(verdict["good"] and verdict["entries"] > 20, f"{verdict}")
        return f"{verdict['entries']} changes"
check.finish()
