"""Ill backends beside healthy ones, under load: who waits for them, who fails, and what their own count says."""
import json
import statistics
import threading
import time
import urllib.request

from harness import Checks, Gateway, Setting, free_port, require, upstream_documents

check = Checks("faults")
setting = Setting()
ROUNDS = 5
REQUESTS = 600 if setting.is_long else 150
CLIENTS = 4
# The aim is 1.1; a busy machine says more on a few requests.
MOST_RATIO = 1.1 if setting.is_long else 1.5


class Flapping:
    """A backend that is killed and started again, over and over."""

    def __init__(self, gateway):
        self.gateway, self.port, self.is_over, self.kills = gateway, free_port(), threading.Event(), 0
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        while not self.is_over.is_set():
            backend = self.gateway.backend("logging", "--log", self.gateway.directory / "flapping.ids", port=self.port)
            self.is_over.wait(0.7)
            self.kills += 1
            backend.kill()
            backend.wait()
            self.is_over.wait(0.7)

    def end(self):
        self.is_over.set()
        self.thread.join()


class Load:
    """So many requests from a few clients: the times of the good answers and how often each status came."""

    def __init__(self, gateway, endpoint, key):
        self.gateway, self.endpoint, self.key, self.left = gateway, endpoint, key, REQUESTS
        self.times, self.statuses, self.failed, self.lock = [], {}, [], threading.Lock()
        threads = [threading.Thread(target=self.work) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def take(self):
        with self.lock:
            self.left -= 1
            return self.left >= 0

    def work(self):
        connection = self.gateway.connection()
        while self.take():
            started = time.perf_counter()
            connection.request("POST", f"/demo/{self.endpoint}/work", '{"inputs":"x"}', {
                "api-key": self.key, "content-type": "application/json"})
            response = connection.getresponse()
            response.read()
            took = time.perf_counter() - started
            with self.lock:
                self.statuses[response.status] = self.statuses.get(response.status, 0) + 1
                if response.status == 200:
                    self.times.append(took)
                else:
                    self.failed.append(response.getheader("x-request-id"))
        connection.close()


with Gateway(setting, "faults") as gateway:
    healthy = [gateway.backend("logging", "--log", gateway.directory / f"{number}.ids", "--delay", "0.01")
               for number in range(2)]
    hanging = gateway.backend("gate")
    failing = gateway.backend("half")
    flapping = Flapping(gateway)
    urls = [f"http://127.0.0.1:{backend.port}" for backend in healthy]
    extra = {"well": None, "hanging": hanging.port, "failing": failing.port, "flapping": flapping.port}
    try:
        for name, port in extra.items():
            more = [f"http://127.0.0.1:{port}"] if port else []
            gateway.apply(upstream_documents(name, {"blue": (100, {
                "request_timeout_ms": 500, "upstream": {"urls": urls + more}})}))
        keys = {name: gateway.key(name) for name in extra}
        rounds = {name: [] for name in extra}
        for _ in range(ROUNDS):
            for name in extra:
                rounds[name].append(Load(gateway, name, keys[name]))
    finally:
        flapping.end()

    def middle(name):
        return statistics.median(statistics.median(load.times) for load in rounds[name])

    def failures(name):
        return sum(count for load in rounds[name] for status, count in load.statuses.items() if status != 200)

    # What the flapping one is killed with in its hands is lost: a POST is not sent twice.
    for ill, most in [("hanging", 30), ("failing", 15 * ROUNDS), ("flapping", flapping.kills * CLIENTS)]:
        @check(f"beside a {ill} backend the healthy ones answer as without it")
        def _():
            failed, ratio = failures(ill), middle(ill) / middle("well")
            require(failures("well") == 0, f"{failures('well')} failed without a fault")
            require(failed <= most, f"{failed} of {ROUNDS * REQUESTS} failed")
            require(ratio <= MOST_RATIO, f"p50 is {ratio:.2f} times that of the run without it")
            return f"{failed} of {ROUNDS * REQUESTS} failed, p50 {ratio:.2f} times"

    @check("no request that reached a healthy backend failed, by the backends' logs")
    def _():
        failed = {number for loads in rounds.values() for load in loads for number in load.failed}
        reached = {line for number in range(2)
                   for line in (gateway.directory / f"{number}.ids").read_text().splitlines()}
        require(not failed & reached, f"{len(failed & reached)} of {len(failed)} failures reached a healthy one")
        return f"{len(failed)} failed, {len(reached)} reached a healthy one"

    @check("every failure was the ill backend's own, by its count")
    def _():
        def seen(backend, path):
            with urllib.request.urlopen(f"http://127.0.0.1:{backend.port}{path}", timeout=5) as response:
                return json.loads(response.read())
        hung, failed = seen(hanging, "/held")["held"], seen(failing, "/failed")["failed"]
        require(failures("hanging") <= hung, f"{failures('hanging')} failed and {hung} hung")
        require(failures("failing") == failed, f"{failures('failing')} failed and the backend says {failed}")
        return f"{hung} hung, {failed} failed"
check.finish()
