"""The admin API against its own description: schemathesis sends what the document allows and what it does not.

Bounded in examples and in time. What is looked for: a 5xx, a status, a content type or a body that the document does not have.
"""
import json
import os
import re
import subprocess
import sys

from harness import Checks, Gateway, Setting, require, to, upstream_documents, wait_for

check = Checks("openapi")
CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
          "response_schema_conformance")
# Names of things that are there, so that the good answers are seen too.
THERE = {"tenant": "demo", "endpoint": "chat", "deployment": "only", "key": "app", "principal": "robot",
         "issuer": "entra", "role": "callers", "webhook": "hook", "operator": "rita", "host": "other.test"}
SECONDS = 60


def prepare(gateway):
    echo = gateway.backend("echo")
    gateway.apply(upstream_documents("chat", to(echo)))
    gateway.command("keys", "named", "create", "demo/app")
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
    configuration = folder / "schemathesis.toml"
    configuration.write_text(config)
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", configuration, "run",
        f"https://localhost:{gateway.admin}/api/v1/openapi.json", "--header", f"Authorization: Bearer {token}",
        "--tls-verify", gateway.authority, "--checks", CHECKS, "--phases", "examples,coverage,fuzzing",
        "--max-examples", examples, "--max-time", SECONDS, "--seed", "1", "--generation-database", "none", "--workers", "1",
        "--request-timeout", "20", "--suppress-health-check", "all", "--warnings", "off", "--no-color", *options]
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

    @check("after all that the gateway answers, and its audit log is whole")
    def _():
        require(gateway.process.poll() is None, "it is gone")
        wait_for(lambda: gateway.request("GET", "/healthz").status == 200, 5, "healthz")
        verdict = json.loads(gateway.command("audit", "verify", "--output", "json"))
        require(verdict["good"] and verdict["entries"] > 20, f"{verdict}")
        return f"{verdict['entries']} changes"
check.finish()
