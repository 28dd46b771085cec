#!/usr/bin/env python3
"""Runs the client programs: the gateway driven with its users' own tools.

    run.py --gatehouse BIN --worker BIN --model GGUF [--suite FOLDER] [--only NAME,…] [--keep]

Starts everything on free loopback ports in a temporary folder; ends with `N passed, N failed`. Standard library only:
the programs' packages are pinned in requirements.lock and go into a cached virtual environment.
"""
import argparse
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import venv

HERE = pathlib.Path(__file__).parent
# As in harness.py: the program ran to its end and said which checks failed.
CHECKS_FAILED = 3
PROGRAMS = ["openai_sdk", "protocols", "hosts", "split", "traffic", "swap", "sticky", "mirrors", "models", "worker",
            "batching", "sharing", "sampling", "kinds", "worker_socket", "pool", "cold_start", "devices", "drain",
            "handover", "instances", "liveness", "faults", "access_log", "captures", "capture_filters", "exports",
            "replay", "replay_sums", "proxy", "keys", "tokens", "issuers", "limits", "rules", "metering", "metrics",
            "metrics_states", "traces", "clock", "rotation", "tenancy", "anew", "webhooks", "durability", "browser",
            "operators", "admins", "deployment_secrets", "truth", "fairness", "openapi", "azureml_sdk",
            "azureml_failures", "azureml_wirings"]
# Only by name: "timing" wants a quiet machine, "quickstart" a release build, and it moves the model's file for some seconds.
BY_HAND = ["timing", "quickstart"]
# Programs with packages of their own.
LOCKS = {"openapi": "openapi.lock", "traces": "traces.lock",
         **dict.fromkeys(["azureml_sdk", "azureml_failures", "azureml_wirings"], "azureml_sdk.lock")}
# A program that hangs must not hold the whole run; the longest takes about two minutes.
PROGRAM_SECONDS = 420
SUITE_SECONDS = 1800
LONG_SECONDS = 7200


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(os.environ.get("GATEHOUSE_CACHE") or pathlib.Path(base) / "gatehouse")


def environment(name, lock):
    """The Python of a virtual environment that holds what a lock file names."""
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    directory = cache() / "python" / f"{name}-{digest}"
    python = directory / "bin" / "python"
    if not (directory / "complete").exists():
        shutil.rmtree(directory, ignore_errors=True)
        venv.create(directory, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
                        "-r", str(lock)], check=True, stdin=subprocess.DEVNULL)
        (directory / "complete").touch()
    return python


class Run:
    """Counts the programs' verdict lines."""

    def __init__(self, options, directory):
        self.options, self.directory = options, directory
        self.passed = self.skipped = 0
        self.failures = []
        self.variables = dict(
            os.environ, CLIENTS_GATEHOUSE=options.gatehouse, CLIENTS_WORKER=options.worker or "",
            CLIENTS_MODEL=options.model or "", CLIENTS_EMBEDDING_MODEL=options.embedding_model or "",
            CLIENTS_T5_MODEL=options.t5_model or "", CLIENTS_DIRECTORY=str(directory), PYTHONDONTWRITEBYTECODE="1",
            PYTHONUNBUFFERED="1", NO_PROXY="localhost,127.0.0.1", CLIENTS_LONG="1" if options.long else "0")

    def program(self, name, python, *arguments, seconds=PROGRAM_SECONDS):
        command = [str(python), str(HERE / f"{name}.py"), *arguments]
        process = subprocess.Popen(command, env=self.variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, start_new_session=True)
        started, before = time.monotonic(), len(self.failures)
        watchdog = threading.Timer(seconds, self.end, [process])
        watchdog.start()
        for line in process.stdout:
            print(line, end="", flush=True)
            self.passed += line.startswith("pass ")
            if line.startswith("FAIL "):
                self.failures.append(line.rstrip())
            self.skipped += line.startswith("skip ")
            if counted := re.match(r"suite: (\d+) passed", line):
                self.passed += int(counted.group(1))
        process.wait()
        watchdog.cancel()
        if process.returncode == CHECKS_FAILED and len(self.failures) == before:
            self.fail(f"FAIL {name}: checks failed, and none of its lines begins with that")
        if process.returncode not in (0, CHECKS_FAILED):
            late = " (it took too long)" if time.monotonic() - started >= seconds else ""
            self.fail(f"FAIL {name}: the program ended with {process.returncode}{late}")

    def fail(self, line):
        self.failures.append(line)
        print(line, flush=True)

    def end(self, process):
        """Ends a program with everything that it started: they share its process group."""
        os.killpg(process.pid, 9)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gatehouse", required=True, type=os.path.abspath)
    parser.add_argument("--worker", type=os.path.abspath)
    parser.add_argument("--model", type=os.path.abspath, help="GGUF file; without it the model's checks are left out")
    parser.add_argument("--embedding-model", type=os.path.abspath, help="GGUF file of all-MiniLM-L6-v2, for kinds")
    parser.add_argument("--t5-model", type=os.path.abspath, help="GGUF file of a Flan-T5, for kinds")
    parser.add_argument("--suite", type=pathlib.Path, help="folder of the attack suite")
    parser.add_argument("--only", default=",".join(PROGRAMS), help="programs, separated by commas")
    parser.add_argument("--long", action="store_true", help="the long forms of those programs that have one")
    parser.add_argument("--keep", action="store_true", help="leave the scratch folder behind")
    return parser.parse_args()


def main():
    options = arguments()
    names = [name for name in options.only.split(",") if name]
    known = PROGRAMS + BY_HAND
    unknown = set(names) - set(known)
    if unknown:
        sys.exit(f"unknown program {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    python = environment("clients", HERE / "requirements.lock")
    directory = pathlib.Path(tempfile.mkdtemp(prefix="gatehouse-clients-"))
    run = Run(options, directory)
    try:
        for name in names:
            print(f"# {name}", flush=True)
            own = python
            if lock := LOCKS.get(name):
                own = environment(lock.removesuffix(".lock"), HERE / lock)
            run.program(name, own, seconds=LONG_SECONDS if options.long else PROGRAM_SECONDS)
        if options.suite:
            print("# suite", flush=True)
            suite_python = environment("suite", options.suite / "requirements.lock")
            run.program("suite", python, "--suite", str(options.suite), "--python", str(suite_python),
                        "--output", str(directory / "suite.txt"), seconds=SUITE_SECONDS)
    finally:
        if options.keep:
            print(f"kept: {directory}")
        else:
            shutil.rmtree(directory, ignore_errors=True)
    if run.skipped:
        print(f"{run.skipped} skipped", flush=True)
    # Once more, where a reader of the last lines finds them.
    for line in run.failures:
        print(f"failed: {line.removeprefix('FAIL ')}", flush=True)
    print(f"{run.passed} passed, {len(run.failures)} failed", flush=True)
    sys.exit(1 if run.failures else 0)


if __name__ == "__main__":
    main()
