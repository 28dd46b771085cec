"""Liveness: an upstream's instance that only its probe finds ill is left out and returns, a stopped worker is replaced."""
import contextlib
import itertools
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import urllib.request

from asking import Worker
from harness import Checks, Gateway, Setting, native_documents, require, to, upstream_documents, wait_for
from pacing import Load
from receiver import Receiver

check = Checks("liveness")
RATE = 60
# How long both probes below may need: two failures in a row, a second apart, each after a second or two.
SOON = 20
STEP_SECONDS = 2

# Holds one thread of a process still, with PTRACE_SEIZE and PTRACE_INTERRUPT, until it is gone; the others go on.
HOLDER = """
import ctypes, os, sys
system, thread = ctypes.CDLL(None, use_errno=True), int(sys.argv[1])
system.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
for request in [0x4206, 0x4207]:
    if system.ptrace(request, thread, None, None):
        sys.exit(os.strerror(ctypes.get_errno()))
while os.WIFSTOPPED(os.waitpid(thread, 0x40000000)[1]):
    print("held", flush=True)
"""


def probed(documents, timeout):
    probe = f"liveness_probe: {{initial_delay: 0, period: 1, timeout: {timeout}, failure_threshold: 2}}\n"
    return documents.replace("request_settings:", probe + "request_settings:")


def become(backend, status):
    urllib.request.urlopen(f"http://127.0.0.1:{backend.port}/become/{status}", timeout=5).close()


class Instances:
    """A deployment of two backends that answer every call, whatever they say of themselves at `/ready`."""

    def __init__(self, gateway, receiver):
        self.gateway, self.receiver = gateway, receiver
        self.files = [gateway.directory / f"switch-{number}.arrivals" for number in range(2)]
        self.backends = [gateway.backend("switch", "--arrivals", file) for file in self.files]
        self.urls = [f"http://127.0.0.1:{backend.port}" for backend in self.backends]
        for backend in self.backends:
            become(backend, 200)
        gateway.apply(probed(upstream_documents("ward", {"pair": (100, {"upstream": {
            "urls": self.urls, "probe": {"liveness": "/ready"}}})}), timeout=1))

    def arrived(self, number):
        return [line.split()[0] for line in self.files[number].read_text().splitlines()]

    def told(self, kind, number):
        """What the receiver was told of this instance."""
        return [delivery.content["data"] for delivery in self.receiver.of(kind)
                if delivery.content["data"]["instance"] == self.urls[number]]

    def is_out(self, number):
        shown = self.gateway.created("deployments", "show", "demo/ward/pair")["instances"]
        return any(instance["url"] == self.urls[number] and instance.get("outage") for instance in shown)

    def outage(self, number, status, words):
        """One instance answers its probe with this status until it is out, and then well again; for how long it was out."""
        before = len(self.arrived(number))
        require(before > 0, "it was never asked")
        become(self.backends[number], status)
        [out] = wait_for(lambda: self.told("instance.ejected", number), SOON, "instance.ejected")
        began = time.monotonic()
        require(out["cause"] == "liveness-probe" and out["deployment"] == "pair" and out["endpoint"] == "ward", f"{out}")
        require(words in out["detail"], f"{out['detail']}")
        require(self.is_out(number), "it is told of and not out")
        asked = len(self.arrived(number))
        # Long enough for 60 requests, of which half would be its own.
        time.sleep(1)
        require(len(self.arrived(number)) == asked, f"{len(self.arrived(number)) - asked} requests while it was out")
        require(not self.told("instance.returned", number), "told back while its probe fails")
        become(self.backends[number], 200)
        [back] = wait_for(lambda: self.told("instance.returned", number), SOON, "instance.returned")
        require(back["detail"] == "GET /ready answered 200", f"{back}")
        seconds = time.monotonic() - began
        wait_for(lambda: len(self.arrived(number)) > asked, SOON, "requests for the one that is back")
        log = self.gateway.command("deployments", "logs", "demo/ward/pair", "--tail", "1000")
        for line in [f"instance {self.urls[number]} is out: ", f"instance {self.urls[number]} takes requests", words]:
            require(line in log, f"not in the deployment's log: {line}")
        return seconds


def check_upstream(gateway, receiver):
    instances = Instances(gateway, receiver)
    key = gateway.key("ward")
    loads, asked = [], iter(range(2))
    for status, fault, words in [(500, "answers 500", "GET /ready answered 500"), (0, "hangs", "GET /ready failed: ")]:
        @check(f"an instance whose liveness path {fault} gets no request until it answers, and no caller notices")
        def _(status=status, words=words):
            number = next(asked)
            load = Load(gateway, "ward", key, RATE)
            try:
                wait_for(lambda: instances.arrived(0) and instances.arrived(1), 10, "both are asked")
                seconds = instances.outage(number, status, words)
            finally:
                answers = load.stop()
            loads.append(answers)
            wrong = [answer.status for answer in answers if answer.status != 200]
            require(not wrong, f"{len(wrong)} of {len(answers)} calls failed: {set(wrong)}")
            return f"{len(answers)} calls, out for {seconds:.1f} s"

    @check("by the backends' own logs each call reached one instance, once")
    def _():
        sent = [answer.id for answer in itertools.chain(*loads)]
        found = instances.arrived(0) + instances.arrived(1)
        require(len(sent) > 100 and sorted(found) == sorted(sent), f"{len(found)} arrivals of {len(sent)} calls")
        return f"{len(found)}"

    @check("the gateway's log has an error for each of the two")
    def _():
        count = gateway.log().count("instance failed its liveness probe")
        require(count == 2, f"{count} errors")


def ask(gateway, endpoint, key, timeout=60):
    body = {"model": endpoint, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 2}
    return gateway.request("POST", "/v1/chat/completions", body, {"api-key": key}, timeout).status


def while_stopped(gateway, workers, keys):
    """Stops a worker until the gateway has replaced it: what others answered meanwhile, what it held, and the times."""
    others, held = [], []
    os.kill(workers["stopped"], signal.SIGSTOP)
    began = time.monotonic()
    caller = threading.Thread(target=lambda: held.append(ask(gateway, "stopped", keys["stopped"])))
    caller.start()
    try:
        while workers["stopped"] in gateway.worker_pids():
            require(time.monotonic() - began < SOON, f"it is still there after {SOON} s")
            others.append(ask(gateway, "other", keys["other"]))
        gone = time.monotonic() - began
        wait_for(lambda: ask(gateway, "stopped", keys["stopped"]) == 200, 60, "an answer after the restart")
        answered = time.monotonic() - began
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(workers["stopped"], signal.SIGCONT)
        caller.join()
    return others, held, f"gone after {gone:.1f} s, answered after {answered:.1f} s"


def check_native(gateway):
    gateway.register_model()
    workers = {}
    for name in ["stopped", "other"]:
        before = gateway.worker_pids()
        gateway.apply(probed(native_documents(name, slots=1, max_queue_wait_ms=30000), timeout=2))
        [workers[name]] = set(gateway.worker_pids()) - set(before)
    gateway.apply(upstream_documents("echo", to(gateway.backend("echo"))))
    keys = {name: gateway.key(name) for name in [*workers, "echo"]}

    @check("a worker that is stopped is found by its probe and replaced, while others go on answering")
    def _():
        for name in workers:
            require(ask(gateway, name, keys[name]) == 200, f"{name} does not answer")
        load = Load(gateway, "echo", keys["echo"], RATE)
        try:
            others, held, times = while_stopped(gateway, workers, keys)
        finally:
            answers = load.stop()
        # Its death was seen and the next one answers: it is not left to wait for its own time-out, which is a minute.
        require(held == [200], f"what the stopped one held got {held}")
        require(others and set(others) == {200}, f"the other worker's answers: {others}")
        wrong = [answer.status for answer in answers if answer.status != 200]
        require(not wrong, f"{len(wrong)} of {len(answers)} calls of the upstream failed: {set(wrong)}")
        now = gateway.worker_pids()
        require(workers["other"] in now and len(now) == 2, f"workers {now}, before {workers}")
        require("instance failed its liveness probe" in gateway.log(), "the log has no error")
        return f"{times}; meanwhile {len(others)} answers of the other worker, {len(answers)} of the upstream"

    @check("one that hangs is found in half a minute without a probe of its own, and one that is merely busy is left alone")
    def _():
        plain = {}
        for name in ["hung", "busy"]:
            before = gateway.worker_pids()
            gateway.apply(native_documents(name, slots=2, max_queue_wait_ms=60000, request_timeout_ms=120000))
            [plain[name]] = set(gateway.worker_pids()) - set(before)
        key, over, statuses = gateway.key("busy"), threading.Event(), []

        def load():
            text = "Tell me a long story about a river and everything that lives beside it. " * 40
            while not over.is_set():
                body = {"model": "busy", "messages": [{"role": "user", "content": text}], "max_tokens": 10}
                statuses.append(gateway.request("POST", "/v1/chat/completions", body, {"api-key": key}, 120).status)

        callers = [threading.Thread(target=load) for _ in range(4)]
        for caller in callers:
            caller.start()
        os.kill(plain["hung"], signal.SIGSTOP)
        began = time.monotonic()
        try:
            wait_for(lambda: plain["hung"] not in gateway.worker_pids(), 60, "the one that hangs is gone")
            found = time.monotonic() - began
            require(20 < found < 45, f"found after {found:.1f} s")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(plain["hung"], signal.SIGCONT)
            over.set()
            for caller in callers:
                caller.join()
        wait_for(lambda: ask(gateway, "hung", gateway.key("hung")) == 200, 60, "an answer of the next one")
        require(plain["busy"] in gateway.worker_pids(), "the busy one was ended")
        require(statuses and set(statuses) == {200}, f"the busy one's answers: {statuses}")
        values = {one["setting"]: (one["value"], one["source"])
                  for one in gateway.created("deployments", "show", "demo/hung/local")["effective"]}
        require(values["liveness_probe.failure_threshold"] == ("4", "default"), f"{values}")
        return f"after {found:.1f} s; meanwhile {len(statuses)} answers of the busy one"


@contextlib.contextmanager
def held_still(thread):
    """While a thread is held still; says whether it is: not everybody may."""
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(thread)], stdout=subprocess.PIPE, text=True)
    try:
        yield holder.stdout.readline() == "held\n"
    finally:
        holder.kill()
        holder.wait()


def may_hold():
    sleeper = subprocess.Popen(["sleep", "60"])
    try:
        with held_still(sleeper.pid) as is_held:
            return is_held
    finally:
        sleeper.kill()
        sleeper.wait()


def engine_thread(pid):
    """Of a worker that computes on one thread, which has loaded the model too: the one that took the most time."""
    def seconds(path):
        return int(path.read_text().rpartition(")")[2].split()[11])

    return max(pathlib.Path(f"/proc/{pid}/task").glob("*/stat"), key=seconds).parent.name


def check_engine(gateway, skip):
    @check("a worker whose engine hangs while it answers its probe is replaced, and what it was at is told", skip=skip)
    def _():
        gateway.register_model()
        gateway.apply(probed(upstream_documents("stuck", {"local": (100, {
            "model": "azureml:smollm2:1", "instance_type": "auto", "max_queue_wait_ms": 30000,
            "native": {"engine": "llama", "slots": 2, "threads": 1}})}), timeout=2))
        key, worker = gateway.key("stuck"), Worker.of(gateway)
        require(ask(gateway, "stuck", key) == 200, "it does not answer")
        answers, log = [], len(gateway.log())
        with held_still(engine_thread(worker.pid)) as is_held:
            require(is_held, "the thread cannot be held")
            began = time.monotonic()
            caller = threading.Thread(target=lambda: answers.append(ask(gateway, "stuck", key)))
            caller.start()
            wait_for(lambda: worker.stats()["waiting"] == 1, 10, "the others of its threads answer")

            def told():
                shown = gateway.manage("GET", "demo/endpoints/stuck/deployments/local")["instances"]
                return next((end for one in shown if "/healthz" in (end := one.get("lastEnd") or "")), None)

            end = wait_for(told, SOON, "lastEnd with the probe's answer")
            found = time.monotonic() - began
        require("GET /healthz answered 503: requests wait, and its engine has begun no step for " in end, end)
        require(f"step_seconds = {STEP_SECONDS}; it ended with " in end and found > STEP_SECONDS, f"{found:.1f} s: {end}")
        require("has begun no step" in gateway.log()[log:], "the log does not say it")
        caller.join()
        require(answers == [200], f"what it held got {answers}")
        return f"after {found:.1f} s: {end}"


setting = Setting()
receiver = Receiver()
try:
    with Gateway(setting, "liveness", threads=2) as gateway:
        gateway.command("tenants", "create", "demo")
        gateway.command("webhooks", "add", "demo/ops", "--url", receiver.url)
        check_upstream(gateway, receiver)
    if setting.model:
        with Gateway(setting, "liveness-native", threads=2) as gateway:
            check_native(gateway)
        skip = None if may_hold() else "no thread of another program may be held still here"
        with Gateway(setting, "liveness-engine", more=f"  step_seconds: {STEP_SECONDS}\n") as gateway:
            check_engine(gateway, skip)
finally:
    receiver.close()
check.finish()
