"""Runs the attack suite's groups against a gateway made for it and compares with the list of pending cases.

A case that fails and is not listed in Tests/suite-pending.txt fails; so does a listed one that passes.
`suite.py --address HOST:PORT …` attacks a gateway that is already running instead.
"""
import argparse
import contextlib
import os
import pathlib
import re
import socket
import subprocess
import sys
import threading

import harness

GROUPS = ["h1", "h2", "up", "slow", "tls", "jwt"]
# As constants in the suite's tokens.py, which needs the suite's own packages.
ISSUER, AUDIENCE = "https://login.test/tenant-a/v2.0", "api://gateway"
DIRECTORY = "11111111-2222-3333-4444-555555555555"
PENDING = harness.HERE.parent / "suite-pending.txt"


def pending_cases():
    if not PENDING.exists():
        return set()
    lines = (line.partition("#")[0].strip() for line in PENDING.read_text().splitlines())
    return {line for line in lines if line}


def judge(output, pending, groups):
    """Lines of verdicts, and how many passed and failed."""
    verdicts = dict(re.findall(r"^(\S+) (pass|FAIL)\b", output, re.MULTILINE))
    details = dict(re.findall(r"^(\S+) (?:pass|FAIL) (.*)$", output, re.MULTILINE))
    passed, problems = 0, []
    for case, verdict in verdicts.items():
        if (verdict == "pass") != (case in pending):
            passed += 1
        elif verdict == "pass":
            problems.append(f"{case}: passes now, remove it from {PENDING.name}")
        else:
            problems.append(f"{case}: {details.get(case, '')}")
    for group in groups:
        if f"# group {group}:" not in output:
            problems.append(f"group {group} did not run to its end")
    for case in sorted(pending - verdicts.keys()):
        if case.partition(".")[0] in groups:
            problems.append(f"{case}: listed in {PENDING.name}, but no such case ran")
    return passed, problems


def attack(suite, python, groups, environment):
    process = subprocess.Popen(
        [python, str(suite / "run.py"), *groups], env=dict(os.environ, **environment), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("# "):
            print(line.rstrip(), flush=True)
    process.wait()
    return "".join(lines)


def trust(gateway, port, stopped):
    """Has the suite's issuer trusted as soon as its key server listens: one that fails is left alone for 30 s."""
    while not stopped.wait(0.1):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return gateway.command(
                "issuers", "add", "demo/suite", "--iss", ISSUER, "--audience", AUDIENCE, "--directory-id", DIRECTORY,
                "--keys-url", f"http://127.0.0.1:{port}/tenant-a/discovery/v2.0/keys")


def attack_own_gateway(options):
    setting = harness.Setting()
    upstream, keys, stopped = harness.free_port(), harness.free_port(), threading.Event()
    with harness.Gateway(setting, "suite", more=f"issuers:\n  allow_http: [\"127.0.0.1:{keys}\"]\n") as gateway:
        only = {"only": (100, {"request_timeout_ms": 8000, "upstream": {"urls": [f"http://127.0.0.1:{upstream}"]}})}
        gateway.apply("---\n".join(harness.upstream_documents(name, only, auth_mode=mode) for name, mode in [
            ("echo", "key"), ("secure", "aad_token")]), waits=False)
        gateway.command("roles", "assign", "demo/users", "--role", "invoke", "--application-role", "user",
                        "--endpoint", "secure")
        trusting = threading.Thread(target=trust, args=[gateway, keys, stopped])
        trusting.start()
        try:
            return run_groups(options, gateway, upstream, keys)
        finally:
            stopped.set()
            trusting.join()


def run_groups(options, gateway, upstream, keys):
    # GW_JWKS_REFRESH stays 0: a gateway that keeps J-5 refreshes every 5 minutes at most; issuers.py rotates keys.
    return attack(options.suite, options.python, options.groups, {
        "GW_ADDR": f"127.0.0.1:{gateway.port}", "GW_CA": str(gateway.authority), "GW_PREFIX": "/demo/echo",
        "GW_KEY_HEADER": f"api-key: {gateway.key('echo')}", "GW_PIDS": str(gateway.process.pid),
        "UP_ADDR": f"127.0.0.1:{upstream}", "JWKS_ADDR": f"127.0.0.1:{keys}", "GW_JWT_PREFIX": "/demo/secure"})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite", type=pathlib.Path, required=True)
    parser.add_argument("--python", default=sys.executable, help="a Python that has the suite's packages")
    parser.add_argument("--address", help="attack this gateway, as the suite's own variables GW_… and UP_ADDR say")
    parser.add_argument("--output", type=pathlib.Path, help="keep the suite's whole output here")
    parser.add_argument("groups", nargs="*", default=GROUPS)
    options = parser.parse_args()
    if options.address:
        output = attack(options.suite, options.python, options.groups, {"GW_ADDR": options.address})
    else:
        output = attack_own_gateway(options)
    if options.output:
        options.output.write_text(output)
    passed, problems = judge(output, pending_cases(), options.groups)
    for problem in problems:
        print(f"FAIL suite: {problem}")
    print(f"suite: {passed} passed, {len(problems)} failed")
    sys.exit(harness.CHECKS_FAILED if problems else 0)


if __name__ == "__main__":
    main()
