"""Runs the attack suite's groups against a gateway made for it and compares with the list of pending cases.

A case that fails and is not listed in Tests/suite-pending.txt fails; so does a listed one that passes.
`suite.py --address HOST:PORT …` attacks a gateway that is already running instead.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys

import harness

GROUPS = ["h1", "h2", "up", "slow", "tls"]
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


def attack_own_gateway(options):
    setting = harness.Setting()
    with harness.Gateway(setting, "suite") as gateway:
        upstream = harness.free_port()
        gateway.apply(harness.upstream_documents("echo", {"only": (100, {
            "request_timeout_ms": 8000, "upstream": {"urls": [f"http://127.0.0.1:{upstream}"]}})}))
        return attack(options.suite, options.python, options.groups, {
            "GW_ADDR": f"127.0.0.1:{gateway.port}", "GW_CA": str(gateway.authority), "GW_PREFIX": "/demo/echo",
            "GW_KEY_HEADER": f"api-key: {gateway.key('echo')}", "GW_PIDS": str(gateway.process.pid),
            "UP_ADDR": f"127.0.0.1:{upstream}"})


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
