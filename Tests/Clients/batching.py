"""A worker's slots: shared fairly, kept prefixes that no other tenant sees, deadlines, and requests that are given up."""
import json
import os
import pathlib
import random
import threading
import time

from harness import Checks, Gateway, Setting, UnixConnection, lines, native_documents, require, wait_for

check = Checks("batching")
SLOTS = 2
REQUESTS = 10_000 if Setting().is_long else 120
CLIENTS = 6
STORY = "The fox ran over the hill and sat down by the river. " * 40


def body(prompt, tokens, **more):
    return {"model": "chat", "messages": [{"role": "user", "content": prompt}], "temperature": 0, "max_tokens": tokens,
            **more}


class Worker:
    """The gateway's worker, asked on its own socket, as whichever tenant."""

    def __init__(self, gateway):
        [self.pid] = gateway.worker_pids()
        [self.path] = [str(path) for path in pathlib.Path(gateway.directory, "run").rglob("*.sock")]

    def open(self, prompt, tokens, tenant, **headers):
        connection = UnixConnection(self.path)
        connection.request("POST", "/v1/chat/completions", json.dumps(body(prompt, tokens)),
                           {"x-gatehouse-tenant": tenant, **headers})
        return connection

    def ask(self, prompt, tokens, tenant, **headers):
        connection = self.open(prompt, tokens, tenant, **headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        connection.close()
        return response.status, answer

    def stats(self):
        connection = UnixConnection(self.path)
        connection.request("GET", "/stats", headers={"connection": "close"})
        stats = json.loads(connection.getresponse().read())
        connection.close()
        return stats

    def is_quiet(self):
        stats = self.stats()
        return stats["active"] == stats["waiting"] == 0 and stats

    def held(self):
        """Open descriptors, and MiB of memory."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return len(os.listdir(f"/proc/{self.pid}/fd")), int(status.partition("VmRSS:")[2].split()[0]) // 1024


def cached(answer):
    return answer["usage"]["prompt_tokens_details"]["cached_tokens"]


setting = Setting()
if not setting.model:
    print("no model file was given: the worker's checks are left out")
    check.finish()


with Gateway(setting, "batching") as gateway:
    gateway.register_model()
    gateway.apply(native_documents("chat", slots=SLOTS, max_queue_wait_ms=120000))
    key = gateway.key("chat")
    worker = Worker(gateway)

    def ask(prompt, tokens, **headers):
        started = time.monotonic()
        response = gateway.request("POST", "/v1/chat/completions", body(prompt, tokens), {"api-key": key, **headers})
        require(response.status == 200, f"status {response.status}: {response.content[:200]}")
        return time.monotonic() - started, json.loads(response.content)

    @check("another tenant's prompt is computed anew, the tenant's own is not, and both have the same answer")
    def _():
        _, other = worker.ask(STORY, 4, "other")
        before = worker.stats()
        cold, first = ask(STORY, 4)
        between = worker.stats()
        warm, second = ask(STORY, 4)
        after = worker.stats()
        require(cached(first) == 0, f"{cached(first)} tokens of another tenant's")
        require(between["prefix_hits"] == before["prefix_hits"], "a hit on another tenant's")
        used = second["usage"]["prompt_tokens"]
        # Whole parts of 128, and never the last token.
        kept = (used - 1) // 128 * 128
        require(cached(second) == kept > used / 2, f"{cached(second)} of {used}")
        require(after["prefix_hits"] == between["prefix_hits"] + 1, "the hit was not counted")
        require(after["prefix_tokens"] == between["prefix_tokens"] + kept, "the tokens were not counted")
        texts = {answer["choices"][0]["message"]["content"] for answer in [other, first, second]}
        require(len(texts) == 1, f"different answers: {texts}")
        require(warm < cold / 2, f"{warm:.2f} s, and {cold:.2f} s without")
        return f"{used} tokens: {cold * 1000:.0f} ms, kept {warm * 1000:.0f} ms"

    @check("no client says whose it is, what it weighs or how long it has")
    def _():
        worker.ask("Forged. " + STORY, 4, "other")
        headers = {"x_gatehouse_tenant": "other", "x-gatehouse-queue-weight": "0", "X-Gatehouse-Time-Left-Ms": "0"}
        _, answer = ask("Forged. " + STORY, 4, **headers)
        # No token of the other's beginning, and its own has not asked this before.
        require(cached(answer) == 0, f"{answer['usage']}")

    @check("a tenant has all slots and a full queue: another's single request has the next slot")
    def _():
        statuses, lock = [], threading.Lock()
        def one(index):
            status, _ = worker.ask(f"Tell me story {index}.", 8, "flood")
            with lock:
                statuses.append(status)
        threads = [threading.Thread(target=one, args=(index,)) for index in range(40)]
        for thread in threads:
            thread.start()
        wait_for(lambda: worker.stats()["waiting"] >= 30, 30, "the queue is full")
        before = statuses.count(200)
        status, answer = worker.ask("What is 2+2?", 1, "single")
        between = statuses.count(200) - before
        for thread in threads:
            thread.join()
        require(status == 200, f"{status}: {answer}")
        # Those that were under way, and one that had ended and was not counted yet.
        require(between <= SLOTS + 1, f"{between} of the others' were answered first")
        require(len(statuses) == 40 and set(statuses) == {200, 429}, f"{len(statuses)} answers: {set(statuses)}")
        return f"{between} of {statuses.count(200)} answered before it, {statuses.count(429)} had no place"

    @check("a caller has many waiting at the gateway: another's single request is answered within one service")
    def _():
        other = gateway.created("keys", "named", "create", "demo/bob")["key"]
        done = []
        def one(index):
            ask(f"Tell me story {index}.", 8)
            done.append(index)
        threads = [threading.Thread(target=one, args=(index,)) for index in range(40)]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(done) >= 4, 60, "some are answered")
        before = len(done)
        ask("What is 2+2?", 1, **{"api-key": other})
        between = len(done) - before
        for thread in threads:
            thread.join()
        require(between <= SLOTS + 1, f"{between} of the others' were answered first")
        require(len(done) == 40, f"{len(done)} of 40 were answered")
        return f"{between} answered before it"

    @check("a request whose time is over while it waits is refused and not computed")
    def _():
        running = [worker.open("Write a very long story.", 300, "busy") for _ in range(SLOTS)]
        wait_for(lambda: worker.stats()["active"] == SLOTS, 30, "all slots are taken")
        before = worker.stats()
        status, answer = worker.ask("What is 2+2?", 1, "late", **{"x-gatehouse-time-left-ms": "50"})
        after = worker.stats()
        for connection in running:
            connection.close()
        require(status == 504 and answer["error"]["code"] == "deadline_exceeded", f"{status}: {answer}")
        require(after["overdue"] == before["overdue"] + 1, f"{after['overdue']}")
        require(after["prompt_tokens"] == before["prompt_tokens"], "its prompt was read")

    @check("a request that is given up frees its slot at once")
    def _():
        running = [worker.open("Write a very long story.", 400, "busy") for _ in range(SLOTS)]
        wait_for(lambda: worker.stats()["active"] == SLOTS, 30, "all slots are taken")
        before = worker.stats()
        for connection in running:
            connection.close()
        stats = wait_for(worker.is_quiet, 10, "the slots are free")
        # One step may be under way, and one begin before the worker sees that its clients are gone.
        require(stats["steps"] - before["steps"] <= 10, f"{stats['steps'] - before['steps']} steps")
        return f"{stats['steps'] - before['steps']} steps"

    @check(f"{REQUESTS:,} requests, half of them given up at any moment, leave no slot, cell or descriptor taken")
    def _():
        counts, numbers, lock = {"whole": 0, "given up": 0}, iter(range(REQUESTS)), threading.Lock()
        problems, held = [], []
        def one(index):
            connection = gateway.connection()
            try:
                prompt = f"Story {index % 7} of {index}"
                connection.request("POST", "/v1/chat/completions", json.dumps(body(prompt, 6, stream=True)),
                                   {"content-type": "application/json", "api-key": key})
                if random.random() < 0.5:
                    time.sleep(random.uniform(0, 0.15))
                    return "given up"
                response = connection.getresponse()
                require(response.status == 200, f"status {response.status}")
                require(b"data: [DONE]" in list(lines(response)), "the stream is not whole")
                return "whole"
            finally:
                connection.close()
        def client():
            while True:
                with lock:
                    index = next(numbers, None)
                if index is None:
                    return
                try:
                    what = one(index)
                    with lock:
                        counts[what] += 1
                except Exception as problem:  # whatever it was, the check says it
                    problems.append(repr(problem))
                    return
                if index == REQUESTS // 5:
                    held.append(worker.held())
        threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        require(not problems, f"{problems[:3]}")
        stats = wait_for(worker.is_quiet, 10, "the slots are free")
        time.sleep(0.2)
        stats = worker.stats()
        require(stats["slots"] == SLOTS, f"{stats}")
        require(stats["kv_cells_used"] == stats["kv_cells_kept"] <= stats["kv_cells"], f"{stats}")
        # The gateway closes connections that it does not use within some seconds.
        wait_for(lambda: worker.held()[0] <= held[0][0], 15, f"no more descriptors than {held[0][0]}")
        grown = worker.held()[1] - held[0][1]
        require(grown <= 24, f"{grown} MiB more than after a fifth of them")
        return f"{counts['whole']} whole, {counts['given up']} given up, {grown} MiB more, {stats['kv_cells_kept']} kept"
check.finish()
