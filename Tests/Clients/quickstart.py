"""scripts/quickstart as a new user runs it, in a home of its own: what it answers and prints, and how it starts again."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

from harness import HERE, Checks, Setting, free_port, require, run, wait_for

check = Checks("quickstart")
setting = Setting()
PROMPTS = ["What is the capital of France?", "Name three colours.", "Why is the sky blue?"]
SCRIPT = HERE.parent.parent / "scripts" / "quickstart"
HOME = setting.directory / "home"
RUNS = "Ctrl-C stops it"
ENVIRONMENT = dict(os.environ, GATEHOUSE_HOME=str(HOME), GATEHOUSE_PORT=str(free_port()),
                   GATEHOUSE_ADMIN_PORT=str(free_port()))
model = pathlib.Path(setting.model)


def quickstart(*arguments):
    """One run to its end: exit code and output."""
    result = subprocess.run([SCRIPT, *arguments], env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, timeout=600)
    return result.returncode, result.stdout


def succeeded(*arguments):
    code, output = quickstart(*arguments)
    require(code == 0, f"exit code {code}: {output[-600:]}")
    return output


def answer_in(output, prompt):
    found = re.search(rf"\] asking over TLS, certificate verified: {re.escape(prompt)}\n\n(.*)\n\nCall it yourself:\n",
                      output, re.DOTALL)
    require(found, f"no answer: {output[-600:]}")
    return found.group(1)


def process():
    """The process of the gateway that runs in this home."""
    return int((HOME / "gatehouse.pid").read_text())


def is_running(pid):
    with contextlib.suppress(OSError):
        return (pathlib.Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def end(pid):
    for _ in range(2):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        time.sleep(0.5)
    wait_for(lambda: not is_running(pid), 10, f"{pid} has ended")


@contextlib.contextmanager
def left_running():
    """A run without --once: the script's process, once the gateway runs, and what it has printed."""
    path = setting.directory / "quickstart.txt"
    with open(path, "wb") as output:
        script = subprocess.Popen([SCRIPT, "--max-tokens", "4"], env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                                  stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_for(lambda: script.poll() is not None or RUNS in path.read_text(), 120, "the quickstart leaves it running")
        require(script.poll() is None, f"exit code {script.returncode}: {path.read_text()[-600:]}")
        yield script, path.read_text()
    finally:
        script.send_signal(signal.SIGTERM)
        script.wait(30)


@check("three prompts: the printed answers are those of the engine used directly on the same file")
def _():
    for prompt in PROMPTS:
        printed = answer_in(succeeded("--once", "--prompt", prompt, "--max-tokens", "32"), prompt)
        direct = run(setting.worker, "--model", model, "--once", prompt, "--max-tokens", 32)
        require(printed.strip() and printed.strip() == direct.strip(), f"{prompt}: {printed!r}, directly {direct!r}")
        require(not (HOME / "gatehouse.pid").exists(), "--once has left a gateway")
    return f"{printed.strip()[:40]}…"


@check("the lines that it prints run as they are printed, with the distribution's own Python where there is one")
def _():
    with left_running() as (script, output):
        printed = output.partition("Call it yourself:\n")[2].rpartition("\n[")[0]
        variables = {"HOME": str(setting.directory), "PATH": "/usr/bin:/bin:" + os.environ["PATH"]}
        result = subprocess.run(["bash", "-euo", "pipefail"], input=printed, env=variables, text=True, timeout=300,
                                cwd="/", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        require(result.returncode == 0, f"exit code {result.returncode}: {result.stderr[-500:]}")
        value, rest = json.JSONDecoder().raw_decode(result.stdout)
        require(value["choices"][0]["message"]["content"].strip(), f"curl got no words: {value}")
        require(rest < len(result.stdout.rstrip()), f"Python printed nothing: {result.stdout[-300:]}")
        script.send_signal(signal.SIGINT)
        require((code := script.wait(30)) == 130, f"exit code {code} after Ctrl-C")
        require(not (HOME / "gatehouse.pid").exists(), "Ctrl-C has left a gateway")
    return result.stdout[rest:].strip().splitlines()[0][:60]


@check("a gateway of this build that runs is used; one of an earlier build gives way to the new one, which stays")
def _():
    with left_running() as (script, _):
        first = process()
        output = succeeded("--once", "--max-tokens", "4")
        require(f"running already (process {first})" in output and is_running(first), output[-600:])
        # What a linker does: another file in the place of the one that runs.
        program = pathlib.Path(setting.gatehouse)
        shutil.copy2(program, copy := program.with_name("gatehouse.copy"))
        copy.rename(program)
        output = succeeded("--once", "--max-tokens", "4")
        second = process()
        try:
            require(f"(process {first}): it is another build" in output, output[-600:])
            require(second != first and not is_running(first), f"process {first}, then {second}")
            require(is_running(second) and os.path.samefile(f"/proc/{second}/exe", program), "the new build does not run")
            require(f"kill {second} stops it" in output, output[-300:])
            require((code := script.wait(10)) == 0, f"the first quickstart ended with {code}")
            output = succeeded("--once", "--max-tokens", "4")
            require(f"running already (process {second})" in output, output[-600:])
        finally:
            end(second)


@check("without the model's file it exits non-zero and says so; with the file it goes on")
def _():
    away = model.with_name(model.name + ".away")
    model.rename(away)
    try:
        code, output = quickstart("--once", "--max-tokens", "4")
    finally:
        away.rename(model)
    require(code != 0, f"exit code {code}: {output[-300:]}")
    for words in [f"failed: the model file is gone: {model}", "scripts/quickstart --fetch-model"]:
        require(words in output, f"{words!r} is missing: {output[-600:]}")
    require("fetching" not in output, f"it was fetched again: {output[-300:]}")
    succeeded("--once", "--max-tokens", "4")
    return output.strip().splitlines()[-2]
check.finish()
