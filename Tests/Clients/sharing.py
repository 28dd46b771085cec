"""A worker that several share: whoever fills its queue, another tenant's or caller's request is next."""
import contextlib
import json
import random
import subprocess
import threading
import time

from asking import Worker, chat
from flood import Flood, allow_descriptors
from harness import Checks, Gateway, Setting, UnixConnection, native_documents, require, upstream_documents, wait_for

check = Checks("sharing")
WAITING = 1000
TURNS = 40 if Setting().is_long else 10
# What a request's way through the gateway to the worker takes, and that of its answer's head back.
WAY = 0.25
# Of the others' answers at most so many come before one's own begins: the one that makes place for it, and one that was on
# its way back when it was sent.
BEFORE = 2


def started(gateway, connection, path, key, body, headers=None):
    """Sends a request that is streamed; returns, once the worker begins its answer, how long that took."""
    sent = time.monotonic()
    connection.request("POST", path, json.dumps({**body, "stream": True}),
                       {"api-key": key, "content-type": "application/json", **(headers or {})})
    response = connection.getresponse()
    waited = time.monotonic() - sent
    require(response.status == 200, f"status {response.status}")
    return waited, response


class Crowd:
    """Requests that are sent at once, each on its thread; `answered` are those that were."""

    def __init__(self, count, ask):
        self.answered, self.lock = [], threading.Lock()
        self.threads = [threading.Thread(target=self.one, args=[ask, index]) for index in range(count)]
        for thread in self.threads:
            thread.start()

    def one(self, ask, index):
        outcome = ask(index)
        with self.lock:
            self.answered.append(outcome)

    def end(self):
        for thread in self.threads:
            thread.join()
        return self.answered


setting = Setting()
if not setting.model:
    print("no model file was given: the checks of a shared worker are left out")
    check.finish()


@check(f"tenant A has {WAITING:,} waiting at a worker's only slot: each single request of tenant B starts within one"
       f" service time, {TURNS} of {TURNS}")
def _():
    path = setting.directory / "shared.sock"
    process = subprocess.Popen(
        [setting.worker, "--model", setting.model, "--socket", path, "--slots", "1", "--context", "256", "--name", "chat",
         "--threads", "1"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        worker = Worker(process.pid, path)
        wait_for(lambda: worker.stats().get("slots") == 1, 60, "the worker is ready")
        # The crowd goes before the gateway does.
        with Gateway(setting, "tenants") as gateway, contextlib.ExitStack() as stack:
            for tenant in ["alpha", "beta"]:
                gateway.command("tenants", "create", tenant)
                documents = gateway.directory / f"{tenant}.yaml"
                documents.write_text(upstream_documents("shared", {"only": (100, {
                    "upstream": {"urls": [f"unix:{path}"]}, "max_concurrent_requests_per_instance": 1,
                    "max_queue_wait_ms": 600000, "request_timeout_ms": 600000})}, tenant=tenant))
                gateway.command("apply", "-f", documents)
            keys = [json.loads(gateway.command("keys", "list", f"{tenant}/shared", "--output", "json"))["primaryKey"]
                    for tenant in ["alpha", "beta"]]
            flood = Flood(gateway, keys[0], "/alpha/shared/v1/chat/completions", json.dumps(chat("Tell me a story.", 12)),
                          WAITING)
            stack.callback(flood.stop)
            wait_for(lambda: flood.waiting > WAITING, 120, f"{WAITING} wait")
            time.sleep(1)
            connection, waits = gateway.connection(timeout=120), []
            began, answered = time.monotonic(), flood.answered
            for turn in range(TURNS):
                # At any moment of A's service.
                time.sleep(random.uniform(0, 0.2))
                require(flood.waiting >= WAITING, f"{flood.waiting} wait")
                before = flood.answered
                waited, response = started(gateway, connection, "/beta/shared/v1/chat/completions", keys[1], chat("Hi", 1))
                between = flood.answered - before
                response.read()
                waits.append(waited)
                require(between <= BEFORE, f"turn {turn}: {between} of A's were answered first, in {waited:.2f} s")
            service = (time.monotonic() - began) / (flood.answered - answered)
            require(set(flood.statuses) == {200}, f"A's answers: {flood.statuses}")
            late = [wait for wait in waits if wait > service + WAY]
            told = f"a service takes {service * 1000:.0f} ms, the longest wait was {max(waits) * 1000:.0f} ms"
            require(not late or not setting.is_long, f"{len(late)} later than one service time and its way; {told}")
            return told
    finally:
        process.kill()
        process.wait()


with Gateway(setting, "sharing") as gateway:
    gateway.register_model()
    # All but one wait at the worker: it, and not the gateway's queue, says who is next.
    gateway.apply(native_documents("chat", slots=1, max_queue_wait_ms=120000, max_concurrent_requests_per_instance=64))
    key = gateway.key("chat")
    worker = Worker.of(gateway)

    def ask(prompt, tokens, key=key, **headers):
        response = gateway.request("POST", "/v1/chat/completions", chat(prompt, tokens), {"api-key": key, **headers})
        require(response.status == 200, f"status {response.status}: {response.content[:200]}")
        return json.loads(response.content)

    def answers_before(crowd, key):
        """How many of a crowd's are answered before a single request of another's begins to be."""
        before, connection = len(crowd.answered), gateway.connection()
        _, response = started(gateway, connection, "/v1/chat/completions", key, chat("What is 2+2?", 1))
        between = len(crowd.answered) - before
        response.read()
        connection.close()
        return between

    @check("a tenant has the slot and a full queue at the worker: another's single request has the next slot")
    def _():
        crowd = Crowd(40, lambda index: worker.ask(f"Tell me story {index}.", 8, "flood")[0])
        wait_for(lambda: worker.stats()["waiting"] >= 30, 30, "the queue is full")
        before = crowd.answered.count(200)
        connection = UnixConnection(worker.path)
        connection.request("POST", "/v1/chat/completions", json.dumps(chat("What is 2+2?", 1, stream=True)),
                           {"x-gatehouse-tenant": "single"})
        response = connection.getresponse()
        between = crowd.answered.count(200) - before
        require(response.status == 200 and b"[DONE]" in response.read(), f"{response.status}")
        statuses = crowd.end()
        require(between <= BEFORE, f"{between} of the others' were answered first")
        require(len(statuses) == 40 and set(statuses) == {200, 429}, f"{len(statuses)} answers: {set(statuses)}")
        return f"{between} of {statuses.count(200)} answered before it, {statuses.count(429)} had no place"

    @check("a caller has many waiting: another's single request is next")
    def _():
        other = gateway.created("keys", "named", "create", "demo/bob")["key"]
        crowd = Crowd(30, lambda index: ask(f"Tell me story {index}.", 8))
        wait_for(lambda: len(crowd.answered) >= 3, 60, "some are answered")
        between = answers_before(crowd, other)
        require(len(crowd.end()) == 30, f"{len(crowd.answered)} of 30 were answered")
        require(between <= BEFORE, f"{between} of the others' were answered first")
        return f"{between} answered before it"

    @check("a caller who says it is somebody else, and heavy, at every request gains nothing by it")
    def _():
        other = gateway.created("keys", "named", "create", "demo/carol")["key"]

        def forged(index):
            return {"x-gatehouse-caller": f"nobody{index}", "X-Gatehouse-Caller-Weight": "100",
                    "x-gatehouse-queue-weight": "100"}

        crowd = Crowd(30, lambda index: ask(f"Tell me story {index}.", 8, **forged(index)))
        wait_for(lambda: len(crowd.answered) >= 3, 60, "some are answered")
        through = answers_before(crowd, other)
        crowd.end()
        # What they would gain if they came through: the worker believes whoever may ask it.
        crowd = Crowd(30, lambda index: worker.ask(f"Tell me story {index}.", 8, "demo", **forged(index)))
        wait_for(lambda: len(crowd.answered) >= 3, 60, "some are answered")
        directly = answers_before(crowd, other)
        crowd.end()
        require(directly > 2 * BEFORE, f"the worker answers {directly} first: this check shows nothing")
        require(through <= BEFORE, f"{through} of the others' were answered first, {directly} where they are believed")
        return f"{through} answered before another's, {directly} where the worker is told so"
check.finish()
