"""The embedded pool: sleep and wake, more workers under load and fewer after it, memory, workers killed and stopped."""
import datetime
import http.client
import json
import os
import pathlib
import re
import signal
import statistics
import threading
import time

from harness import Checks, Gateway, Setting, require, upstream_documents, wait_for

check = Checks("pool")
QUICK_PROBE = {"initial_delay": 0, "period": 1, "timeout": 1, "failure_threshold": 2}


def documents(endpoint, model="smollm2", probe=None, **native):
    """One endpoint with a native deployment of these settings."""
    text = upstream_documents(endpoint, {"local": (100, {
        "model": f"azureml:{model}:1", "instance_type": "auto", "max_queue_wait_ms": 30000,
        "native": {"engine": "llama", "slots": 2, "context": 512, "threads": 1, **native}})})
    if probe:
        text = text.replace("request_settings:", f"liveness_probe: {json.dumps(probe)}\nrequest_settings:", 1)
    return text


def ask(gateway, key, endpoint, tokens=4, timeout=120, text="Name a colour."):
    body = {"model": endpoint, "messages": [{"role": "user", "content": text}], "temperature": 0,
            "max_tokens": tokens}
    return gateway.request("POST", "/v1/chat/completions", body, {"api-key": key}, timeout=timeout)


def answered(gateway, key, endpoint, **more):
    response = ask(gateway, key, endpoint, **more)
    require(response.status == 200, f"{response.status}: {response.content[:200]}")
    return response


def at_once(count, call):
    """What so many calls at the same time return."""
    results = [None] * count

    def run(index):
        try:
            results[index] = call()
        except (OSError, http.client.HTTPException) as problem:
            results[index] = problem

    threads = [threading.Thread(target=run, args=[index]) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def mebibytes(path, member):
    """What a file such as /proc/meminfo says of one thing; 0 where the process is gone."""
    try:
        text = pathlib.Path(path).read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith(f"{member}:")) // 1024


def resident(pids, member="VmRSS"):
    """MiB of these processes, those that are gone having none."""
    return sum(mebibytes(f"/proc/{pid}/status", member) for pid in pids)


def available():
    """MiB that can be had on this machine."""
    return mebibytes("/proc/meminfo", "MemAvailable")


def last_end(gateway, endpoint, *words):
    """How a deployment's worker last ended, once it is told with these words: until the next one is ready."""
    def told():
        shown = gateway.manage("GET", f"demo/endpoints/{endpoint}/deployments/local")["instances"]
        ends = [one.get("lastEnd") or "" for one in shown]
        return next((end for end in ends if all(word in end for word in words)), None)

    return wait_for(told, 30, f"lastEnd with {words}")


def ready_at(log):
    """When a worker wrote that it is ready, by its own clock, which has milliseconds."""
    for line in log.splitlines():
        try:
            entry = json.loads(line)
            told = json.loads(entry["message"]) if entry.get("source") == "worker" else {}
        except ValueError:
            continue
        if told.get("message") == "ready":
            return datetime.datetime.fromisoformat(told["time"]).timestamp()
    return None


def free_beside(gateway, endpoint):
    """What the gateway says of a deployment that it does not admit: MiB that are free, and beside how many workers."""
    refusal = gateway.manage("GET", f"demo/endpoints/{endpoint}/deployments/local")["pool"].get("refusal") or ""
    found = re.search(r"and (\d+) MiB are free beside (\d+) workers", refusal)
    return found and tuple(map(int, found.groups()))


class Workers:
    """The worker processes of one deployment, told apart by their model's name on the command line."""

    def __init__(self, gateway, model):
        self.gateway, self.model = gateway, f"{model}:1".encode()

    def pids(self):
        return [pid for pid in self.gateway.worker_pids() if self.model in self.command_line(pid)]

    @staticmethod
    def command_line(pid):
        try:
            return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return []

    def wait_until_gone(self, seconds, what):
        """Returns how many MiB could be had just before, as they ran."""
        during = [available()]

        def are_gone():
            now = available()
            if not self.pids():
                return True
            during.append(now)
            return False
        wait_for(are_gone, seconds, what)
        return statistics.median(during[-9:])

    def wait_for(self, count, seconds, what):
        wait_for(lambda: len(self.pids()) == count, seconds, f"{what}: {count} workers, not {len(self.pids())}")
        return self.pids()


setting = Setting()
if not setting.model:
    print("no model file was given: the pool's checks are left out")
    check.finish()

gateway = Gateway(setting, "pool")
(gateway.directory / "instances.yaml").write_text("auto: 0.25\n")
with gateway:
    for name in ["sleeper", "pair", "elastic", "mortal", "neighbour", "giant"]:
        gateway.register_model(name) if name == "sleeper" else gateway.command(
            "models", "register", f"demo/{name}", "--version", 1, "--path", setting.model)

    @check("two instances are two workers, and both answer")
    def _():
        gateway.apply(documents("pair", model="pair", min_instances=2, max_instances=2))
        workers = Workers(gateway, "pair")
        workers.wait_for(2, 60, "min_instances: 2")
        key = gateway.key("pair")
        shown = lambda: gateway.created("deployments", "show", "demo/pair/local")["instances"]
        wait_for(lambda: [one["isReady"] for one in shown()] == [True, True], 60, "both are ready")
        ids = [answer.getheader("x-request-id") for answer in at_once(12, lambda: answered(gateway, key, "pair"))]
        used = {gateway.receipt(each)["instance"] for each in ids}
        require(len(used) == 2, f"answered by {used}")
        now = gateway.created("deployments", "show", "demo/pair/local")
        seen = {(one["state"], one["pid"]) for one in now["instances"]}
        require(seen == {("ready", pid) for pid in workers.pids()}, f"{seen}, not {workers.pids()}")
        require(all(one["residentBytes"] > 50 << 20 for one in now["instances"]), f"{now['instances']}")
        require(now["pool"]["costPerHour"] == 0.5 and now["pool"]["instances"] == 2, f"{now['pool']}")

    @check("a request whose worker is killed is answered by the other; one that two died of is not tried again")
    def _():
        workers, key = Workers(gateway, "pair"), gateway.key("pair")

        def busy():
            shown = gateway.manage("GET", "demo/endpoints/pair/deployments/local")["instances"]
            return next((one["pid"] for one in shown if one["inFlight"] and one["state"] == "ready"), None)

        for kills, status in [(1, [200]), (2, [424, 502, 503])]:
            workers.wait_for(2, 60, "both run")
            wait_for(lambda: len([one for one in gateway.manage(
                "GET", "demo/endpoints/pair/deployments/local")["instances"] if one["isReady"]]) == 2, 60, "both ready")
            got = []
            caller = threading.Thread(target=lambda: got.append(ask(gateway, key, "pair", tokens=300)))
            caller.start()
            killed = set()
            for _ in range(kills):
                victim = wait_for(lambda: (pid := busy()) not in killed and pid, 60, "a worker has the request")
                killed.add(victim)
                os.kill(victim, signal.SIGKILL)
            caller.join()
            require(got and got[0].status in status, f"{kills} killed: {got and (got[0].status, got[0].content[:200])}")
            attempts = gateway.receipt(got[0].getheader("x-request-id"))["attempts"]
            require(attempts == 2, f"{kills} killed: {attempts} attempts")

    @check("a deployment that may sleep runs once, sleeps when nobody asks, and its memory is free")
    def _():
        # One that never fits: its refusal says what is admitted.
        gateway.apply(documents("giant", model="giant", slots=64, context=1 << 20), waits=False)
        [_, others] = wait_for(lambda: free_beside(gateway, "giant"), 30, "it is not admitted, with the numbers")
        gateway.apply(documents("sleeper", model="sleeper", min_instances=0, idle_seconds=4))
        workers = Workers(gateway, "sleeper")
        pids = workers.wait_for(1, 10, "it ran once")
        size = resident(pids)
        told = gateway.manage("GET", "demo/endpoints/sleeper/deployments/local")["pool"]["residentBytes"] >> 20
        wait_for(lambda: (free_beside(gateway, "giant") or (0, 0))[1] == others + 1, 4, "its worker is counted as admitted")
        # What it has mapped of the model's file is the kernel's, which can be had before and after.
        own = resident(pids, "RssAnon")
        before = workers.wait_until_gone(30, "nobody asked")
        require(own > 10, f"{own} MiB of its own")
        more = wait_for(lambda: (more := available() - before) >= own / 2 and more, 30, f"half of {own} MiB is free")
        require(size > 50 and told > 50 and resident(pids) == 0, f"{size}, told {told} MiB before, {resident(pids)} after")
        [free, _] = wait_for(lambda: (now := free_beside(gateway, "giant")) and now[1] == others and now, 10,
                             "its worker is counted no more")
        gateway.command("endpoints", "delete", "demo/giant")
        shown = gateway.created("deployments", "show", "demo/sleeper/local")
        require(shown["isReady"] is True, f"a deployment that sleeps is not ready: {shown}")
        require(shown["instances"] == [] and shown["pool"]["state"] == "asleep", f"{shown['pool']}")
        require(shown["pool"]["costPerHour"] == 0 and shown["pool"]["idleSeconds"] >= 2, f"{shown['pool']}")
        require(shown["pool"]["residentBytes"] == 0, f"{shown['pool']}")
        return f"{size} MiB, {own} its own, then {more:.0f} more can be had, and {free} MiB are free beside {others} workers"

    @check("twenty requests wake it: all are answered, none before the worker is ready")
    def _():
        workers, key = Workers(gateway, "sleeper"), gateway.key("sleeper")
        require(workers.pids() == [], "it is awake")
        began, log = time.time(), len(gateway.log())
        answers = at_once(20, lambda: (answered(gateway, key, "sleeper"), time.time()))
        wrong = [one for one in answers if not isinstance(one, tuple)]
        require(not wrong, f"{len(wrong)} of 20 failed: {wrong[:2]}")
        require(gateway.log()[log:].count("worker starts") == 1, "not one worker was started")
        ready = ready_at(gateway.log()[log:])
        require(ready and ready > began, f"ready at {ready}, asked at {began}")
        first = min(at for _, at in answers)
        require(first > ready, f"answered {ready - first:.3f} s before the worker was ready")
        return f"ready after {ready - began:.3f} s, the first answer after {first - began:.3f} s"

    @check("warm starts one before anybody asks")
    def _():
        workers = Workers(gateway, "sleeper")
        workers.wait_for(0, 60, "nobody asked again")
        gateway.command("deployments", "warm", "demo/sleeper/local")
        workers.wait_for(1, 10, "it was warmed")

    @check("load brings more workers up to the most, and fewer are left after it")
    def _():
        gateway.apply(documents("elastic", model="elastic", min_instances=1, max_instances=3, idle_seconds=3,
                                target_requests=2))
        workers, key, statuses, stop = Workers(gateway, "elastic"), gateway.key("elastic"), [], threading.Event()

        def load():
            while not stop.is_set():
                statuses.append(ask(gateway, key, "elastic", tokens=24).status)

        threads = [threading.Thread(target=load) for _ in range(10)]
        for thread in threads:
            thread.start()
        try:
            workers.wait_for(2, 60, "ten callers at once")
            workers.wait_for(3, 60, "two are not enough for ten callers")
            wait_for(lambda: [one["isReady"] for one in gateway.manage(
                "GET", "demo/endpoints/elastic/deployments/local")["instances"]] == [True] * 3, 60, "all three are ready")
            time.sleep(3)
            require(len(workers.pids()) == 3, f"{len(workers.pids())} workers, and three are the most")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        workers.wait_for(1, 60, "the load is over")
        require(set(statuses) == {200}, f"{ {s: statuses.count(s) for s in set(statuses)} }")
        return f"{len(statuses)} answers"

    @check("a worker killed with SIGKILL is replaced, and another deployment answers meanwhile")
    def _():
        gateway.apply(documents("neighbour", model="neighbour"))
        gateway.apply(documents("mortal", model="mortal", probe=QUICK_PROBE))
        workers, key, other = Workers(gateway, "mortal"), gateway.key("mortal"), gateway.key("neighbour")
        victims, log = workers.wait_for(1, 30, "it runs"), len(gateway.log())
        os.kill(victims[0], signal.SIGKILL)
        end = last_end(gateway, "mortal", "signaled(9)", "not the gateway")
        answered(gateway, other, "neighbour")
        wait_for(lambda: ask(gateway, key, "mortal").status == 200, 30, "an answer after SIGKILL")
        require(workers.pids() != victims, "the dead worker is still there")
        died = [line for line in gateway.log()[log:].splitlines() if "worker died" in line]
        require(len(died) == 1 and "signaled(9)" in died[0] and "demo/mortal/local" in died[0], f"the log says {died}")
        return end

    @check("the requests of an only worker that is killed before it answers wait for the next one and are answered")
    def _():
        workers, key = Workers(gateway, "mortal"), gateway.key("mortal")
        victims = workers.wait_for(1, 30, "it runs")
        answered(gateway, key, "mortal")
        callers = 6
        result = []
        asking = threading.Thread(target=lambda: result.extend(
            at_once(callers, lambda: ask(gateway, key, "mortal", tokens=200, text="Tell me a very long story."))))
        asking.start()
        deployment = "demo/endpoints/mortal/deployments/local"
        slots = 2
        wait_for(lambda: gateway.manage("GET", deployment)["instances"][0]["inFlight"] == slots, 10, "its slots are taken")
        os.kill(victims[0], signal.SIGKILL)
        asking.join()
        statuses = [getattr(one, "status", one) for one in result]
        require(statuses == [200] * callers, f"{statuses}")
        attempts = [gateway.receipt(one.getheader("x-request-id"))["attempts"] for one in result]
        # Some of those that waited may have had the dead one's places before its end was seen.
        require(attempts.count(1) <= callers - slots and max(attempts) <= 3, f"attempts: {attempts}")

    @check("a worker that hangs (SIGSTOP) is ended and replaced, and another deployment answers meanwhile")
    def _():
        workers, key, other = Workers(gateway, "mortal"), gateway.key("mortal"), gateway.key("neighbour")
        victims, log = workers.wait_for(1, 30, "it runs"), len(gateway.log())
        os.kill(victims[0], signal.SIGSTOP)
        try:
            answered(gateway, other, "neighbour")
            end = last_end(gateway, "mortal", "it failed its liveness probe: GET /healthz failed: ", "signaled(9)")
            wait_for(lambda: workers.pids() and workers.pids() != victims, 30, "another worker in its place")
        finally:
            if os.path.exists(f"/proc/{victims[0]}"):
                os.kill(victims[0], signal.SIGCONT)
        wait_for(lambda: ask(gateway, key, "mortal").status == 200, 30, "an answer after SIGSTOP")
        restarted = [line for line in gateway.log()[log:].splitlines() if "worker is restarted" in line]
        require(len(restarted) == 1 and "GET /healthz failed: " in restarted[0], f"the log says {restarted}")
        return end

    @check("a model file that is damaged while it is in use is named, keeps nobody waiting, and others are answered")
    def _():
        broken = gateway.directory / "broken.gguf"
        broken.write_bytes(pathlib.Path(setting.model).read_bytes())
        gateway.command("models", "register", "demo/broken", "--version", 1, "--path", broken)
        gateway.apply(documents("broken", model="broken"))
        key = gateway.key("broken")
        answered(gateway, key, "broken")
        # What the worker has mapped is gone with it.
        with broken.open("r+b") as file:
            file.truncate(100_000)
        began = time.monotonic()
        response = wait_for(lambda: (got := ask(gateway, key, "broken")).status in [424, 503] and got, 30, "a refusal")
        require(time.monotonic() - began < 20, "it took longer than 20 s")
        require(b"is ready" in response.content or b"starting" in response.content, f"{response.content[:200]}")
        logs = gateway.command("deployments", "logs", "demo/broken/local")
        require("broken.gguf" in logs, f"its log does not name the file: {logs[-400:]}")
        shown = gateway.created("deployments", "show", "demo/broken/local")
        require(shown["isReady"] is False, f"it is ready: {shown}")
        [one] = shown["instances"]
        require(one["state"] in ["restarting", "starting"] and "ended with" in one["lastEnd"], f"{one}")
        last_end(gateway, "broken", "ended with", "broken.gguf")
        answered(gateway, gateway.key("neighbour"), "neighbour")
        broken.write_bytes(pathlib.Path(setting.model).read_bytes())
        began = time.monotonic()
        # It is tried every 30 s at most.
        wait_for(lambda: ask(gateway, key, "broken").status == 200, 60, "an answer once the file is mended")
        return f"back after {time.monotonic() - began:.1f} s"

    @check("a change of the limits alone is served by a worker of its own, and the one before gives way")
    def _():
        before = gateway.created("deployments", "show", "demo/neighbour/local")["instances"][0]["pid"]
        gateway.apply(documents("neighbour", model="neighbour", start_seconds=120))
        after = gateway.created("deployments", "show", "demo/neighbour/local")["instances"][0]["pid"]
        require(before != after, f"process {before} goes on")
        for _ in range(5):
            answered(gateway, gateway.key("neighbour"), "neighbour")

    @check("workers over memory_mb are killed with the numbers, the earlier one and others answer, more memory ends it")
    def _():
        workers, key, other = Workers(gateway, "mortal"), gateway.key("mortal"), gateway.key("neighbour")
        before = workers.wait_for(1, 30, "the earlier one runs")
        gateway.apply(documents("mortal", model="mortal", memory_mb=32), waits=False)
        killed = re.compile(r"Z \[0\] killed: it has (\d+) MiB of memory, over memory_mb = 32$", re.M)
        told = lambda: killed.findall(gateway.command("deployments", "logs", "demo/mortal/local", "--tail", 200))
        over, statuses, stop = set(), [], threading.Event()

        def look():
            # They live for a quarter of a second.
            while not stop.is_set():
                over.update(set(workers.pids()) - set(before))
                time.sleep(0.02)

        looking = threading.Thread(target=look)
        looking.start()
        try:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline and not (len(over) > 1 and len(told()) > 1):
                statuses += [ask(gateway, key, "mortal").status, ask(gateway, other, "neighbour").status]
        finally:
            stop.set()
            looking.join()
        require(len(over) > 1 and len(told()) > 1, f"processes {over}, told {told()}")
        require(all(int(size) > 32 for size in told()), f"{told()}")
        require(set(statuses) == {200}, f"meanwhile {statuses}")
        ends = [one.get("lastEnd") or "" for one in gateway.created("deployments", "show", "demo/mortal/local")["instances"]]
        require(any("over memory_mb = 32" in end for end in ends), f"deployments show says {ends}")
        require(before[0] in workers.pids(), "the earlier one is gone")
        gateway.apply(documents("mortal", model="mortal", memory_mb=8192))
        now = workers.wait_for(1, 30, "one worker is left")
        require(now != before and not over & set(now), f"{now}, before {before} and {over}")
        # One that was killed is there until its parent has looked.
        wait_for(lambda: not [pid for pid in over | set(before) if os.path.exists(f"/proc/{pid}")], 5, "all are gone")
        answered(gateway, key, "mortal")
        return f"{len(over)} killed, {len(statuses)} answers meanwhile"

    @check("a worker that does not fit into memory is not started, with the numbers, and the earlier one goes on")
    def _():
        log = len(gateway.log())
        gateway.apply(documents("neighbour", model="neighbour", slots=64, context=1 << 20), waits=False)
        wait_for(lambda: "worker is not started" in gateway.log()[log:], 30, "the refusal is in the log")
        # Which goes first after some seconds, if there is room for one then: here there is none.
        time.sleep(5)
        logs = gateway.command("deployments", "logs", "demo/neighbour/local")
        require("MiB are free" in logs and "it needs " in logs, f"its log does not say why: {logs[-400:]}")
        key, [earlier] = gateway.key("neighbour"), Workers(gateway, "neighbour").pids()
        answered(gateway, key, "neighbour")
        # It is the deployment's still when it dies meanwhile, whatever else is changed before it is back.
        os.kill(earlier, signal.SIGKILL)
        gateway.command("tenants", "create", "passing")
        wait_for(lambda: ask(gateway, key, "neighbour").status == 200, 30, "it answers again")
        require(Workers(gateway, "neighbour").pids() not in [[], [earlier]], "nobody runs")
check.finish()
