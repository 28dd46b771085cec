"""A worker's slots: kept prefixes that no other tenant sees, deadlines, and requests that are given up."""
import json
import random
import statistics
import threading
import time

from asking import Worker, cached, chat, held
from harness import Checks, Gateway, Setting, lines, native_documents, require, wait_for

check = Checks("batching")
SLOTS = 2
REQUESTS = 10_000 if Setting().is_long else 120
CLIENTS = 6
ROUNDS = 25 if Setting().is_long else 3
# The gateway closes connections to workers that it does not use within some seconds.
IDLE = 7
# MiB by which memory may differ from one moment to another without a leak.
NOISE = 4
STORY = "The fox ran over the hill and sat down by the river. " * 24


setting = Setting()
if not setting.model:
    print("no model file was given: the worker's checks are left out")
    check.finish()


with Gateway(setting, "batching") as gateway:
    gateway.register_model()
    gateway.apply(native_documents("chat", slots=SLOTS, max_queue_wait_ms=120000))
    key = gateway.key("chat")
    worker = Worker.of(gateway)

    def ask(prompt, tokens, **headers):
        started = time.monotonic()
        response = gateway.request("POST", "/v1/chat/completions", chat(prompt, tokens), {"api-key": key, **headers})
        require(response.status == 200, f"status {response.status}: {response.content[:200]}")
        return time.monotonic() - started, json.loads(response.content)

    @check("another tenant's prompt is computed anew, the tenant's own is not: by the counters, by time, and answered alike")
    def _():
        times = {"new": [], "another's": [], "its own": []}

        def measured(kind, story, expected):
            before = worker.stats()
            seconds, answer = ask(story, 4)
            after = worker.stats()
            times[kind].append(seconds)
            found = (cached(answer), after["prefix_hits"] - before["prefix_hits"],
                     after["prefix_tokens"] - before["prefix_tokens"])
            used = answer["usage"]["prompt_tokens"]
            # Whole parts of 128, and never the last token.
            kept = (used - 1) // 128 * 128 if expected else 0
            require(kept > used / 2 or not expected, f"only {kept} of {used}")
            require(found == (kept, int(expected), kept), f"{kind}: {found}, not {kept} of {used}")
            return answer["choices"][0]["message"]["content"]

        for number in range(ROUNDS):
            new, told = f"New {number}. {STORY}", f"Told {number}. {STORY}"
            _, other = worker.ask(told, 4, "other")
            texts = {other["choices"][0]["message"]["content"]}
            pairs = [("new", new, False), ("another's", told, False)]
            for kind, story, expected in pairs if number % 2 else pairs[::-1]:
                text = measured(kind, story, expected)
                texts |= {text} if story is told else set()
            texts.add(measured("its own", told, True))
            require(len(texts) == 1, f"different answers: {texts}")
        middle = {kind: statistics.median(seconds) for kind, seconds in times.items()}
        told = ", ".join(f"{kind} {seconds * 1000:.0f} ms" for kind, seconds in middle.items())
        require(middle["its own"] < middle["new"] / 2, told)
        require(middle["another's"] > middle["new"] * 0.75, told)
        return f"medians of {ROUNDS}: {told}"

    @check("a tenant's prompt is not found by another either, while it is found by the tenant itself")
    def _():
        story = f"Turned round. {STORY[:len(STORY) // 2]}"
        ask(story, 4)
        _, own = ask(story, 4)
        before = worker.stats()
        _, foreign = worker.ask(story, 4, "other")
        after = worker.stats()
        require(cached(own) > 0, f"{own['usage']}")
        require(cached(foreign) == 0, f"{foreign['usage']}")
        require(all(after[name] == before[name] for name in ["prefix_hits", "prefix_tokens"]), f"{after}, before {before}")

    @check("no client says whose it is, what it weighs or how long it has")
    def _():
        worker.ask("Forged. " + STORY, 4, "other")
        headers = {"x_gatehouse_tenant": "other", "x-gatehouse-queue-weight": "0", "X-Gatehouse-Time-Left-Ms": "0"}
        _, answer = ask("Forged. " + STORY, 4, **headers)
        # No token of the other's beginning, and its own has not asked this before.
        require(cached(answer) == 0, f"{answer['usage']}")

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
        require(stats["steps"] - before["steps"] <= 4, f"{stats['steps'] - before['steps']} steps")
        return f"{stats['steps'] - before['steps']} steps"

    def quiet():
        """The worker's counters when nobody asks: no cell is held but those that are kept for the next request."""
        wait_for(worker.is_quiet, 10, "the slots are free")
        time.sleep(0.2)
        stats = worker.stats()
        require(stats["kv_cells_used"] == stats["kv_cells_kept"] <= stats["kv_cells"], f"{stats}")
        return stats

    def filled():
        """What the worker and the gateway hold when nobody asks, and each slot has kept the same requests."""
        # Before the slots are filled anew, which would hide what was left in them.
        quiet()
        threads = [threading.Thread(target=ask, args=[f"Fill {number}.", 24]) for number in range(SLOTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        stats = quiet()
        slots = {name: stats[name] for name in ["slots", "active", "waiting", "kv_cells", "kv_cells_used", "kv_cells_kept"]}
        return slots, at_rest([worker.pid, gateway.process.pid])

    def at_rest(pids):
        """Descriptors and MiB of processes once the gateway has closed the connections that it does not use."""
        since, before = time.monotonic(), None
        while time.monotonic() - since < IDLE:
            descriptors = [held(pid)[0] for pid in pids]
            if descriptors != before:
                since, before = time.monotonic(), descriptors
            time.sleep(0.1)
        return before, [held(pid)[1] for pid in pids]

    @check(f"{REQUESTS:,} requests, half of them given up at any moment, leave slots, cells and descriptors as they were")
    def _():
        slots, (descriptors, memory) = filled()
        require(slots["kv_cells_kept"] > 0, f"{slots}")
        counts, lock, problems = {"whole": 0, "given up": 0}, threading.Lock(), []

        def one(index):
            connection = gateway.connection()
            try:
                prompt = f"Story {index % 7} of {index}"
                connection.request("POST", "/v1/chat/completions", json.dumps(chat(prompt, 6, stream=True)),
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

        def client(numbers):
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

        def half(numbers):
            """MiB of the worker and the gateway when these requests are over."""
            numbers = iter(numbers)
            threads = [threading.Thread(target=client, args=[numbers]) for _ in range(CLIENTS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            require(not problems, f"{problems[:3]}")
            quiet()
            return [held(pid)[1] for pid in [worker.pid, gateway.process.pid]]

        halves = [half(range(REQUESTS // 2)), half(range(REQUESTS // 2, REQUESTS))]
        require(min(counts.values()) > REQUESTS // 4, f"{counts}")
        slots_after, (descriptors_after, _) = filled()
        require(slots_after == slots, f"{slots_after}, before {slots}")
        require(descriptors_after == descriptors, f"descriptors {descriptors_after}, before {descriptors}")
        told = f"worker and gateway: {memory} MiB, {halves[0]} after half of them, {halves[1]} at the end"
        for before, middle, end in zip(memory, *halves):
            # Pools and caches fill at first; what leaks goes on as it began.
            require(end - middle <= max(NOISE, (middle - before) / 2), told)
        return f"{counts['whole']} whole, {counts['given up']} given up, {slots['kv_cells_kept']} kept; {told}"
check.finish()
