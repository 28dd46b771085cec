"""`/metrics` of what is so at a moment: queues, breakers, health, connections, handshakes, captures, loops and workers,
each brought about and told exactly."""
import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import ssl
import threading
import time

from exposition import check_by_promtool, parsed
from harness import Checks, Failure, Gateway, Setting, free_port, native_documents, require, run, to, upstream_documents
from harness import wait_for
from reviewing import Auditor, stored, tell
from scraping import OPEN_METRICS, page, place, sample, samples
from scripted import get
from storm import Storm

check = Checks("metrics_states")
LOOPS = 3
# How far apart the looks at a loop's lag are, and how long the gateway is stopped, in seconds.
TICK, STOPPED = 0.25, 0.9
# How many requests a queue takes, and how many more come.
QUEUE, TOO_MANY = 2048, 20


class Scrape:
    """Reads the page, and waits until it says what is due."""

    def __init__(self, gateway):
        self.gateway = gateway

    def __call__(self, name, **labels):
        return samples(page(self.gateway)[2])[sample(name, **labels)]

    def shows(self, due, seconds=10):
        """Waits for all of these values at once; says which are others."""
        wrong = {}

        def are_due():
            nonlocal wrong
            found = samples(page(self.gateway)[2])
            wrong = {key: found.get(key) for key, value in due.items() if found.get(key) != value}
            return not wrong
        try:
            wait_for(are_due, seconds, "the values")
        except Failure:
            raise Failure(f"{wrong} instead of { {key: due[key] for key in wrong} }") from None


def load(endpoint, running, waiting):
    return {sample("gatehouse_requests_running", **place(endpoint)): running,
            sample("gatehouse_requests_waiting", **place(endpoint)): waiting,
            sample("gatehouse_exchanges_running"): running + waiting}


def instances(endpoint, all, ready, circuit_open, deployment="only"):
    where = place(endpoint, deployment)
    return {sample("gatehouse_instances", **where): all, sample("gatehouse_instances_ready", **where): ready,
            sample("gatehouse_instances_circuit_open", **where): circuit_open}


def check_captures(gateway, scrape):
    @check("each capture is counted as stored, none as dropped, and none waits in the end")
    def _():
        key = gateway.key("kept")
        for number in range(40):
            require(gateway.request("POST", "/demo/kept/a", {"n": number}, {"api-key": key}).status == 200, "a request")
        scrape.shows({sample("gatehouse_captures_total", result="stored"): 40,
                      sample("gatehouse_captures_total", result="dropped"): 0, sample("gatehouse_captures_waiting"): 0})
        require(stored(gateway) == 40, f"{stored(gateway)} in the database")

    @check("each of them that is replayed is counted, and is no capture")
    def _():
        rita = Auditor(gateway, "rita", "reviewer", "deployer")
        rita.compare("replay", "demo", "--endpoint", "kept", "--to", "again", "--slower", 1000, "--limit", 30)
        scrape.shows({sample("gatehouse_replayed_requests_total", outcome="completed", **place("kept", "again")): 30,
                      sample("gatehouse_captures_total", result="stored"): 40})

    @check("captures that wait in vain for their file are counted as dropped, each of them, and the next one as stored")
    def _():
        key, path = gateway.key("kept"), gateway.directory / "captures.db"
        stored_now, dropped = [sample("gatehouse_captures_total", result=result) for result in ["stored", "dropped"]]
        ask = lambda: gateway.request("POST", "/demo/kept/a", {}, {"api-key": key}).status
        with contextlib.closing(sqlite3.connect(path, timeout=5, isolation_level=None)) as other:
            # Another program writes to it: the gateway waits ten seconds for a batch's turn.
            other.execute("BEGIN IMMEDIATE")
            require([ask() for _ in range(7)] == [200] * 7, "requests wait for it too")
            # As other work on it does, between two batches.
            scrape.shows({stored_now: 40, dropped: 7}, seconds=90)
            other.execute("ROLLBACK")
        require(ask() == 200, "a request")
        scrape.shows({stored_now: 41, dropped: 7, sample("gatehouse_captures_waiting"): 0}, seconds=30)
        require(stored(gateway) == 41, f"{stored(gateway)} in the database")


def check_queue(gateway, scrape, gate, crowded):
    @check("of three callers at a deployment with one place one runs and two wait, and then none")
    def _():
        key, statuses = gateway.key("narrow"), []
        scrape.shows(load("narrow", 0, 0))

        def ask():
            statuses.append(gateway.request("POST", "/demo/narrow/a", {}, {"api-key": key}).status)
        callers = [threading.Thread(target=ask) for _ in range(3)]
        for caller in callers:
            caller.start()
        try:
            scrape.shows(load("narrow", 1, 2))
            require(get(gate, "/held")["held"] == 1, "the backend holds another number")
        finally:
            get(gate, "/open")
            for caller in callers:
                caller.join()
        require(statuses == [200] * 3, f"{statuses}")
        scrape.shows(load("narrow", 0, 0))

    @check(f"{QUEUE + 1 + TOO_MANY} callers at one place: one runs, {QUEUE} wait, and {TOO_MANY} are counted as too many")
    def _():
        full, path = place("full"), "/demo/full/a"
        storm = Storm(gateway, [(path, {"api-key": gateway.key("full")}, b"{}")] * (QUEUE + 1 + TOO_MANY), connections=40,
                      seconds=120)

        def look(done):
            if done == TOO_MANY:
                try:
                    scrape.shows(load("full", 1, QUEUE))
                finally:
                    get(crowded, "/open")
        storm.on_answers = look
        statuses = [answer.status for answer in storm.run()]
        counts = {status: statuses.count(status) for status in statuses}
        require(counts == {200: QUEUE + 1, 429: TOO_MANY}, f"{counts}")
        scrape.shows({sample("gatehouse_limits_refused_total", rule="QueueFull", **full): TOO_MANY,
                      sample("gatehouse_errors_total", rule="QueueFull", **full): TOO_MANY,
                      sample("gatehouse_requests_total", status="429", outcome="refused", **full): TOO_MANY,
                      sample("gatehouse_requests_total", status="200", outcome="completed", **full): QUEUE + 1})


def check_breaker(gateway, scrape, ill):
    @check("the tenth failure opens the circuit of an instance and of no other, and an answer closes it")
    def _():
        key = gateway.key("ill")
        ask = lambda: gateway.request("POST", "/demo/ill/a", {}, {"api-key": key}).status
        tell(ill, 500)
        require([ask() for _ in range(9)] == [500] * 9, "the backend's failures are told otherwise")
        scrape.shows(instances("ill", 1, 1, 0))
        ask()
        scrape.shows({**instances("ill", 1, 1, 1), **instances("kept", 1, 1, 0)})
        tell(ill, 200)
        wait_for(lambda: ask() == 200, 10, "it is tried")
        scrape.shows(instances("ill", 1, 1, 0))


def check_health(scrape, switch):
    @check("an instance that is gone, or that says no, is not ready, and is when it says yes")
    def _():
        scrape.shows({**instances("gone", 1, 0, 0), **instances("says", 1, 0, 0)})
        get(switch, "/become/200")
        scrape.shows(instances("says", 1, 1, 0))
        get(switch, "/become/503")
        scrape.shows({**instances("says", 1, 0, 0), **instances("gone", 1, 0, 0)})


def check_connections(gateway, scrape):
    @check("open connections are those that are held, and not the scraper's")
    def _():
        scrape.shows({sample("gatehouse_connections_open"): 0})
        with contextlib.ExitStack() as held:
            for _ in range(7):
                held.enter_context(contextlib.closing(gateway.connection())).connect()
            scrape.shows({sample("gatehouse_connections_open"): 7})
        scrape.shows({sample("gatehouse_connections_open"): 0})

    @check("five handshakes and a broken one are counted as such, and not the scraper's")
    def _():
        done, failed = [sample("gatehouse_tls_handshakes_total", result=result) for result in ["done", "failed"]]
        before = samples(page(gateway)[2])
        scrape.shows({done: before[done], failed: before[failed]})
        for _ in range(5):
            with contextlib.closing(gateway.connection()) as connection:
                connection.connect()
        with socket.create_connection(("127.0.0.1", gateway.port), 5) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
            while plain.recv(1024):
                pass
        scrape.shows({done: before[done] + 5, failed: before[failed] + 1})


def check_gateway(gateway, scrape):
    @check("a certificate ends for each of its hosts when openssl says")
    def _():
        text = run("openssl", "x509", "-in", gateway.directory / "certs" / "server.pem", "-noout", "-enddate")
        end = ssl.cert_time_to_seconds(text.strip().removeprefix("notAfter="))
        found = {dict(key[1:])["host"]: value for key, value in samples(page(gateway)[2]).items()
                 if key[0] == "gatehouse_tls_certificate_expiry_timestamp_seconds"}
        require(found == {"localhost": end, "127.0.0.1": end, "second.example": end}, f"{found} instead of {end}")

    @check("the lag of every event loop is looked at each quarter of a second, and is as long as the gateway was stopped")
    def _():
        def lags():
            """Of each loop: how often it was looked at, how late it was in all, and how often more than half a second."""
            began, found, ended = time.monotonic(), samples(page(gateway)[2]), time.monotonic()
            name, often = "gatehouse_event_loop_lag_seconds", {}
            for loop in range(LOOPS):
                count, late = (found[sample(f"{name}_{part}", loop=str(loop))] for part in ["count", "sum"])
                often[loop] = (count, late, count - found[sample(f"{name}_bucket", loop=str(loop), le="0.5")])
            require(sum(key[0] == f"{name}_count" for key in found) == LOOPS, "there are more loops")
            return began, ended, often
        began, seen, before = lags()
        time.sleep(1)
        gateway.process.send_signal(signal.SIGSTOP)
        time.sleep(STOPPED)
        gateway.process.send_signal(signal.SIGCONT)
        # What was due while it stood still, and once more.
        time.sleep(2 * TICK)
        again, ended, after = lags()
        for loop, now in after.items():
            count, late, long = (new - old for new, old in zip(now, before[loop]))
            # The next look is due a tick after the last one was made: ticks and lags are all the time that went by between
            # the last looks before the two pages, which were made while they were asked for.
            require(again - seen - 1.5 * TICK < count * TICK + late < ended - began + 1.5 * TICK,
                    f"loop {loop}: {count} looks, {late} s late in {again - seen} to {ended - began} s")
            require(long == 1, f"loop {loop}: {long} times more than 0.5 s late")
            require(STOPPED - TICK <= late <= STOPPED + 2 * TICK, f"loop {loop}: {late} s late")
        return f"{max(now[1] - before[loop][1] for loop, now in after.items()):.2f} s late of {ended - began:.1f} s"


def workers(endpoint, state, wanted=None, **counts):
    """What is due of a pool in this state with so many workers in theirs."""
    pool, due = place(endpoint, "local"), {}
    for name in ["starting", "asleep", "serving", "failing"]:
        due[sample("gatehouse_pool_state", state=name, **pool)] = int(name == state)
    for name in ["starting", "ready", "draining", "restarting", "stopping"]:
        due[sample("gatehouse_workers", state=name, **pool)] = counts.get(name, 0)
    return {**due, sample("gatehouse_workers_wanted", **pool): sum(counts.values()) if wanted is None else wanted}


# Runs the real one, but a worker only while no file says that it must wait.
HELD_WORKER = """#!/bin/sh
case " $* " in *" --list-devices "*) exec "%(worker)s" "$@";; esac
while [ -e "%(hold)s" ]; do sleep 0.05; done
exec "%(worker)s" "$@"
"""


def held_worker(setting):
    """A worker program that can be held at its start, and the file that holds it."""
    folder = setting.directory / "metrics-states-worker"
    folder.mkdir()
    program, hold = folder / "gatehouse-worker", folder / "hold"
    program.write_text(HELD_WORKER % {"worker": setting.worker, "hold": hold})
    program.chmod(0o755)
    return program, hold


def check_start(gateway, scrape, hold):
    @check("a worker that is not ready yet is starting, and so is its pool, until both serve",
           skip=None if gateway.setting.model else "no model file was given")
    def _():
        gateway.register_model()
        hold.touch()
        try:
            gateway.apply(native_documents("late", slots=1), waits=False)
            scrape.shows({**workers("late", "starting", starting=1), **instances("late", 1, 0, 0, "local")})
            # It is told of before it runs.
            [pid] = wait_for(lambda: len(pids := gateway.worker_pids()) == 1 and pids, 10, "its process")
        finally:
            hold.unlink()
        scrape.shows({**workers("late", "serving", ready=1), **instances("late", 1, 1, 0, "local")}, seconds=60)
        require(gateway.worker_pids() == [pid], "it is another one")
        gateway.command("endpoints", "delete", "demo/late")
        wait_for(lambda: not gateway.worker_pids(), 30, "it is gone")


def check_workers(gateway, scrape):
    @check("a pool that sleeps has no worker, and one that was woken has a ready one, until it sleeps again",
           skip=None if gateway.setting.model else "no model file was given")
    def _():
        gateway.apply(native_documents("own", slots=1, max_queue_wait_ms=30000).replace(
            '"slots": 1', '"slots": 1, "min_instances": 0, "idle_seconds": 3'))
        resident = sample("gatehouse_workers_resident_bytes", **place("own", "local"))
        scrape.shows({**workers("own", "asleep"), resident: 0})
        body = {"model": "own", "messages": [{"role": "user", "content": "Name a colour."}], "max_tokens": 2}
        answer = gateway.request("POST", "/v1/chat/completions", body, {"api-key": gateway.key("own")}, timeout=120)
        require(answer.status == 200, f"{answer.status}: {answer.content[:200]}")
        scrape.shows(workers("own", "serving", ready=1))
        wait_for(lambda: scrape(*resident[:1], **dict(resident[1:])) > 50 << 20, 2, "its memory")
        wait_for(lambda: workers("own", "asleep").items() <= samples(page(gateway)[2]).items(), 30, "it sleeps again")


def check_ill_workers(gateway, scrape):
    without = None if gateway.setting.model else "no model file was given"

    @check("of two workers that both have a request one is draining when one is enough, until it has answered", skip=without)
    def _():
        gateway.command("models", "register", "demo/mortal", "--version", 1, "--path", mortal(gateway))
        gateway.apply(mortal_documents(2))
        scrape.shows(workers("mortal", "serving", ready=2))
        pids, answers, key = gateway.worker_pids(), [], gateway.key("mortal")
        body = {"model": "mortal", "messages": [{"role": "user", "content": "Name a colour."}], "max_tokens": 2}
        callers = [threading.Thread(target=lambda: answers.append(
            gateway.request("POST", "/v1/chat/completions", body, {"api-key": key}).status)) for _ in range(2)]
        # They answer no more until they may.
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        for caller in callers:
            caller.start()
        try:
            scrape.shows({sample("gatehouse_requests_running", **place("mortal", "local")): 2})
            gateway.apply(mortal_documents(1), waits=False)
            scrape.shows(workers("mortal", "serving", wanted=1, ready=1, draining=1))
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
            for caller in callers:
                caller.join()
        require(answers == [200] * 2, f"{answers}")
        scrape.shows(workers("mortal", "serving", ready=1))

    @check("a worker whose model is damaged is restarting, and its pool failing", skip=without)
    def _():
        [pid] = wait_for(lambda: len(pids := gateway.worker_pids()) == 1 and pids, 10, "one worker is left")
        with mortal(gateway).open("r+b") as file:
            file.truncate(100_000)
        os.kill(pid, signal.SIGKILL)
        scrape.shows(workers("mortal", "failing", restarting=1))


def mortal(gateway):
    """A model's file that may be damaged."""
    path = gateway.directory / "mortal.gguf"
    if not path.exists():
        shutil.copyfile(gateway.setting.model, path)
    return path


def mortal_documents(count):
    documents = native_documents("mortal", slots=1, max_queue_wait_ms=30000).replace("smollm2:1", "mortal:1")
    return documents.replace('"slots": 1', f'"slots": 1, "min_instances": {count}, "max_instances": {count}')


def check_whole_page(gateway):
    @check("promtool and OpenMetrics' strict parser have nothing to say about the page with all of this on it")
    def _():
        check_by_promtool(gateway)
        text = page(gateway, OPEN_METRICS)[2]
        kinds, values = parsed(text)
        require(values == samples(text), "the parser has other values")
        due = {"gatehouse_replayed_requests", "gatehouse_captures", "gatehouse_instances_ready"}
        if gateway.setting.model:
            due |= {"gatehouse_pool_state", "gatehouse_workers", "gatehouse_workers_resident_bytes"}
        require(due <= set(kinds), f"not on it: {due - set(kinds)}")
        return f"{len(kinds)} families"


def documents(backends):
    quick = "readiness_probe: {initial_delay: 0, period: 1, timeout: 1, failure_threshold: 1}\nrequest_settings:"
    says = {"upstream": {"urls": [f"http://127.0.0.1:{backends['switch'].port}"], "probe": {"readiness": "/ready"}}}
    gone = f"http://127.0.0.1:{free_port()}"
    return "---\n".join([
        upstream_documents("kept", {**to(backends["well"]), "again": (0, to(backends["well"])["only"][1])},
                           capture={"sampling_rate": 1}),
        upstream_documents("narrow", to(backends["gate"], max_concurrent_requests_per_instance=1,
                                        max_queue_wait_ms=30000)),
        upstream_documents("full", to(backends["crowded"], max_concurrent_requests_per_instance=1,
                                      max_queue_wait_ms=120000, request_timeout_ms=120000)),
        upstream_documents("ill", to(backends["ill"])),
        upstream_documents("gone", {"only": (100, {"upstream": {"urls": [gone]}})}),
        upstream_documents("says", {"only": (100, says)}).replace("request_settings:", quick, 1),
    ])


setting = Setting()
program, hold = held_worker(setting)
with Gateway(setting, "metrics-states", threads=LOOPS, hosts=["second.example"],
             arguments=["--worker", program] if setting.worker else []) as gateway:
    backends = {"well": gateway.backend("told"), "gate": gateway.backend("gate"),
                "crowded": gateway.backend("gate"), "switch": gateway.backend("switch"), "ill": gateway.backend("told")}
    gateway.apply(documents(backends), waits=False)
    scrape = Scrape(gateway)
    check_captures(gateway, scrape)
    check_queue(gateway, scrape, backends["gate"], backends["crowded"])
    check_breaker(gateway, scrape, backends["ill"])
    check_health(scrape, backends["switch"])
    check_connections(gateway, scrape)
    check_gateway(gateway, scrape)
    check_start(gateway, scrape, hold)
    check_workers(gateway, scrape)
    check_ill_workers(gateway, scrape)
    check_whole_page(gateway)
check.finish()
