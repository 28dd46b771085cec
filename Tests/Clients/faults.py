"""Ill backends beside healthy ones, under load: who waits for them, who fails, and what their own count says."""
import http.client
import itertools
import json
import statistics
import threading
import time
import urllib.request

from harness import Checks, Gateway, Setting, free_port, new_id, require, upstream_documents

check = Checks("faults")
setting = Setting()
ROUNDS = 5
REQUESTS = 600 if setting.is_long else 240
CLIENTS = 4
DELAY = 0.02
MOST_RATIO = 1.1
# How often requests may be sent again, as the README has it: a share of the load, and some that are free.
SHARE, FREE_AT_ONCE, FREE_PER_SECOND = 0.2, 10, 2
BUDGET_REQUESTS = 4000 if setting.is_long else 1000


class Flapping:
    """A backend that is killed and started again, over and over."""

    def __init__(self, start):
        self.start, self.port, self.is_over, self.kills = start, free_port(), threading.Event(), 0
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        while not self.is_over.is_set():
            backend = self.start(self.port)
            self.is_over.wait(0.7)
            self.kills += 1
            backend.kill()
            backend.wait()
            self.is_over.wait(0.7)

    def end(self):
        self.is_over.set()
        self.thread.join()


class Load:
    """So many requests from a few clients, by turns a POST and a GET, which may be repeated: what became of each id.

    `answers` has (status, who answered, seconds) by request id; status 0 is a request that was lost.
    """

    def __init__(self, gateway, endpoint, key, requests=REQUESTS, clients=CLIENTS, methods=("POST", "GET")):
        self.gateway, self.endpoint, self.key, self.methods = gateway, endpoint, key, methods
        self.turns, self.answers = iter(range(requests)), {}
        self.lock = threading.Lock()
        self.began = time.monotonic()
        threads = [threading.Thread(target=self.work) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.ended = time.monotonic()
        require(len(self.answers) == requests, f"{len(self.answers)} of {requests} requests came to an end")

    def work(self):
        connection = self.gateway.connection()
        while (turn := self.take()) is not None:
            identifier, started = new_id(), time.perf_counter()
            answer = self.ask(connection, self.methods[turn % len(self.methods)], identifier)
            with self.lock:
                self.answers[identifier] = (*answer, time.perf_counter() - started)
        connection.close()

    def take(self):
        with self.lock:
            return next(self.turns, None)

    def ask(self, connection, method, identifier):
        headers = {"api-key": self.key, "content-type": "application/json", "x-request-id": identifier}
        try:
            connection.request(method, f"/demo/{self.endpoint}/work", '{"inputs":"x"}' if method == "POST" else None,
                               headers)
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return 0, None
        return response.status, json.loads(content)["answered_by"] if response.status == 200 else None

    def failed(self):
        return {identifier for identifier, (status, _, _) in self.answers.items() if status != 200}

    def middle(self, names):
        """The p50 of the good answers that these backends gave, in seconds."""
        return statistics.median(took for _, name, took in self.answers.values() if name in names)


def arrived(*paths):
    """The ids of the requests that arrived, once for each time, by the backends' own logs."""
    return [line.split()[0] for path in paths if path.exists() for line in path.read_text().splitlines()]


def resent(loads, ids):
    """How many of the loads' arrivals are requests sent again, and the numbers; fails where the budget has fewer."""
    sent = set(itertools.chain.from_iterable(load.answers for load in loads))
    arrivals = [identifier for identifier in ids if identifier in sent]
    seconds = max(load.ended for load in loads) - min(load.began for load in loads)
    most = len(sent) * (1 + SHARE) + FREE_AT_ONCE + FREE_PER_SECOND * seconds
    require(len(arrivals) <= most, f"{len(arrivals)} arrivals of {len(sent)} requests, the budget is {most:.0f}")
    return len(arrivals) - len(set(arrivals)), f"{len(arrivals)} arrivals of {len(sent)}, at most {most:.0f}"


def asked(backend, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{backend.port}{path}", timeout=5) as response:
        return json.loads(response.read())


with Gateway(setting, "faults") as gateway:
    def file(name, kind):
        return gateway.directory / f"{name}.{kind}"

    def start(kind, name, port=None):
        more = ["--log", file(name, "ids")] if kind == "logging" else []
        return gateway.backend(kind, "--name", name, "--delay", DELAY, "--arrivals", file(name, "arrivals"), *more,
                               port=port)

    HEALTHY = ["healthy-0", "healthy-1"]
    healthy = [start("logging", name) for name in HEALTHY]
    # In the ill one's place: what is compared has as many instances.
    third = start("logging", "well")
    hanging, failing = start("gate", "hanging"), start("half", "failing")
    flapping = Flapping(lambda port: start("logging", "flapping", port))
    others = {"well": third.port, "hanging": hanging.port, "failing": failing.port, "flapping": flapping.port}
    rounds = {name: [] for name in others}
    try:
        for name, port in others.items():
            urls = [f"http://127.0.0.1:{port}" for port in [*(backend.port for backend in healthy), port]]
            gateway.apply(upstream_documents(name, {"blue": (100, {
                # Only of the hanging one anybody waits for it.
                "request_timeout_ms": 500 if name == "hanging" else 5000, "upstream": {"urls": urls}})}))
        keys = {name: gateway.key(name) for name in others}
        for _ in range(ROUNDS):
            for name in others:
                rounds[name].append(Load(gateway, name, keys[name]))
    finally:
        flapping.end()

    def failures(name):
        return set().union(*(load.failed() for load in rounds[name]))

    # While it flaps it may be left alone all the time; that must end with the flapping.
    @check("a backend that flaps no more is asked again within 10 s")
    def _():
        before, began = len(arrived(file("flapping", "arrivals"))), time.monotonic()
        start("logging", "flapping", flapping.port)
        while len(arrived(file("flapping", "arrivals"))) == before:
            require(time.monotonic() - began < 10, "it was not asked")
            Load(gateway, "flapping", keys["flapping"])
        return f"after {time.monotonic() - began:.1f} s"

    # What the flapping one is killed with in its hands is lost: a POST is not sent twice.
    for ill, most in [("hanging", 30), ("failing", 15 * ROUNDS), ("flapping", flapping.kills * CLIENTS)]:
        @check(f"beside a {ill} backend the healthy ones answer as beside a third healthy one")
        def _():
            failed = len(failures(ill))
            ratios = [with_ill.middle(HEALTHY) / well.middle(HEALTHY)
                      for with_ill, well in zip(rounds[ill], rounds["well"])]
            ratio = statistics.median(ratios)
            require(not failures("well"), f"{len(failures('well'))} failed without a fault")
            require(arrived(file(ill, "arrivals")), "the ill one was never asked")
            require(failed <= most, f"{failed} of {ROUNDS * REQUESTS} failed")
            require(ratio <= MOST_RATIO, f"p50 is {ratio:.2f} times that of the run without it: {ratios}")
            return (f"{failed} of {ROUNDS * REQUESTS} failed, p50 {ratio:.2f} times, "
                    f"{' '.join(f'{ratio:.2f}' for ratio in ratios)}")

    @check("no request that reached a healthy backend failed, by the backends' logs")
    def _():
        failed = set().union(*map(failures, rounds))
        reached = set(arrived(*(file(name, "arrivals") for name in HEALTHY)))
        require(not failed & reached, f"{len(failed & reached)} of {len(failed)} failures reached a healthy one")
        return f"{len(failed)} failed, {len(reached)} reached a healthy one"

    @check("every failure was the ill backend's own, by its count")
    def _():
        failed = asked(failing, "/failed")["failed"]
        for ill in ["hanging", "failing"]:
            strange = failures(ill) - set(arrived(file(ill, "arrivals")))
            require(not strange, f"{len(strange)} of {len(failures(ill))} failures never reached the {ill} one")
        require(len(failures("failing")) == failed, f"{len(failures('failing'))} failed, the backend says {failed}")
        return f"{asked(hanging, '/held')['held']} hung, {failed} failed"

    @check("requests are sent again within the budget, by the count of all backends")
    def _():
        ids = arrived(*(file(name, "arrivals") for name in [*HEALTHY, *others]))
        return "; ".join(f"{name}: {resent(loads, ids)[1]}" for name, loads in rounds.items())

    for kind, methods in [("half", ("GET", "POST")), ("breaking", ("GET",))]:
        words = {"half": "fails half of the time", "breaking": "breaks off half of the time"}[kind]
        @check(f"an only backend that {words} gets no more than the budget, by its own count")
        def _():
            backend = gateway.backend(kind, "--delay", 0, "--arrivals", file(kind, "arrivals"))
            gateway.apply(upstream_documents(kind, {"blue": (100, {
                "upstream": {"urls": [f"http://127.0.0.1:{backend.port}"]}})}))
            load = Load(gateway, kind, gateway.key(kind), BUDGET_REQUESTS, 8, methods)
            again, text = resent([load], arrived(file(kind, "arrivals")))
            # A 500 is an answer, no reason to send again; what breaks off is worth it as long as the budget lasts.
            require(again == 0 if kind == "half" else again >= SHARE * BUDGET_REQUESTS / 2, f"{again} sent again")
            rate = BUDGET_REQUESTS / (load.ended - load.began)
            return f"{text}, {again} sent again, {len(load.failed())} failed, {rate:.0f}/s"
check.finish()
