"""A worker that starts more slowly than its requests may wait: they are refused, the start goes on and serves the next."""
import sys
import time

from harness import Checks, Gateway, Setting, require, upstream_documents, wait_for

check = Checks("cold_start")
TIMEOUT = 1.0
# How much longer than requests may wait the start takes.
LATE = 3.0

# The worker, after some time where there is a file `slow` beside it.
STAND_IN = r"""#!%(python)s
import os, pathlib, sys, time

if "--socket" in sys.argv and (pathlib.Path(__file__).parent / "slow").exists():
    time.sleep(%(seconds)s)
os.execv("%(worker)s", ["%(worker)s", *sys.argv[1:]])
"""

setting = Setting()
if not setting.model:
    print("no model file was given: the checks of a slow start are left out")
    check.finish()

folder = setting.directory / "slow-worker"
folder.mkdir()
program = folder / "gatehouse-worker"
program.write_text(STAND_IN % {"python": sys.executable, "seconds": TIMEOUT + LATE, "worker": setting.worker})
program.chmod(0o700)

with Gateway(setting, "cold-start", arguments=["--worker", program]) as gateway:
    gateway.register_model()
    gateway.apply(upstream_documents("cold", {"local": (100, {
        "model": "azureml:smollm2:1", "instance_type": "auto", "request_timeout_ms": int(TIMEOUT * 1000),
        "native": {"engine": "llama", "slots": 1, "context": 256, "threads": 1, "min_instances": 0, "idle_seconds": 1}})}))
    key = gateway.key("cold")
    body = {"model": "cold", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}

    def ask(path="/v1/chat/completions"):
        """The answer, and how long it took."""
        began = time.monotonic()
        response = gateway.request("POST", path, body, {"api-key": key})
        return response, time.monotonic() - began

    @check("a request that a start outlasts gets 503, on a scoring URL 424, and the start goes on and serves the next")
    def _():
        wait_for(lambda: not gateway.worker_pids(), 30, "it sleeps")
        (folder / "slow").touch()
        log = len(gateway.log())
        for path, status in [("/v1/chat/completions", 503), ("/demo/cold/score", 424)]:
            response, seconds = ask(path)
            require(response.status == status, f"{path} gave {response.status}: {response.content[:200]}")
            require(TIMEOUT - 0.2 < seconds < TIMEOUT + LATE / 3, f"{path} was answered after {seconds:.2f} s")
            require(b"local" in response.content, f"it names no deployment: {response.content[:200]}")
        [starting] = gateway.worker_pids()
        shown = gateway.manage("GET", "demo/endpoints/cold/deployments/local")
        require(shown["pool"]["state"] == "starting", f"{shown['pool']}")
        wait_for(lambda: ask()[0].status == 200, 30, "an answer of the worker that was started for them")
        require(gateway.worker_pids() == [starting], f"{gateway.worker_pids()}, not {starting}")
        since = gateway.log()[log:]
        require(since.count("worker starts") == 1 and "worker died" not in since, "it was started again")
check.finish()
