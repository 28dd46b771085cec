"""Keys replaced under load: with overlap nobody notices; without it, or revoked, a key is refused within a second.

Beside all that one key is replaced by schedule.
"""
import http.client
import os
import threading
import time

import openai

from harness import Checks, Gateway, Setting, require, to, upstream_documents
from receiver import Receiver
from schedule import EVERY, OVERLAP, Schedule

check = Checks("rotation")
setting = Setting()
INTERVAL, GRACE = 0.5, 1
# Of the promised overlap; the rest is for the way of a request that was sent in time.
KEPT = 0.8
RATE, CLIENTS = 200, 10


class Pair:
    """An endpoint's pair."""
    words, rotations, slots = "a pair", 100, ["primaryKey", "secondaryKey"]

    def issued(self, gateway):
        return gateway.created("keys", "list", "demo/plain")

    known = issued

    def rotated(self, gateway, slot, number):
        """As people and programs do: every tenth time by command, else by the API."""
        slot = slot.removesuffix("Key")
        if number % 10 == 0:
            return gateway.created("keys", "regenerate", "demo/plain", "--key", slot, "--grace", f"{GRACE}s")
        return gateway.manage("POST", "demo/endpoints/plain/keys/regenerate", {"slot": slot, "graceSeconds": GRACE})


class Named:
    """Two named keys, each of which is as good."""
    words, rotations, slots = "two named keys", 100 if setting.is_long else 40, ["app-one", "app-two"]

    def issued(self, gateway):
        self.keys = {slot: gateway.created("keys", "named", "create", f"demo/{slot}")["key"] for slot in self.slots}
        return self.keys

    def known(self, gateway):
        return self.keys

    def rotated(self, gateway, slot, number):
        if number % 10 == 0:
            made = gateway.created("keys", "named", "rotate", f"demo/{slot}", "--grace", f"{GRACE}s")
        else:
            made = gateway.manage("POST", f"demo/keys/{slot}/rotate", {"graceSeconds": GRACE})
        self.keys = {**self.keys, slot: made["key"]}
        return self.keys


class Keys:
    """What applications know of two keys: those of now, and when the word of the one replaced last ends."""

    def __init__(self, pair, slots):
        self.pair, self.slots, self.old = pair, slots, (None, 0)

    def rotated(self, pair, slot):
        self.old = self.pair[slot], time.monotonic() + KEPT * GRACE
        self.pair = pair

    def newest(self, slot):
        return self.pair[slot]

    def oldest(self, slot):
        """The key that was replaced last as long as it is promised, then the one in its place."""
        key, end = self.old
        return key if key and time.monotonic() < end else self.pair[slot]


class Client(threading.Thread):
    """Calls at an even rate on a kept connection; every second one is slow to take new keys."""

    def __init__(self, gateway, keys, number, stopped):
        super().__init__()
        self.gateway, self.keys, self.stopped = gateway, keys, stopped
        self.slot = keys.slots[number % 2]
        self.is_slow = number // 2 % 2 == 0
        self.count, self.failures, self.used = 0, [], set()

    def run(self):
        self.prepare()
        due = time.monotonic()
        while not self.stopped.is_set():
            due += CLIENTS / RATE
            time.sleep(max(0, due - time.monotonic()))
            key = self.keys.oldest(self.slot) if self.is_slow else self.keys.newest(self.slot)
            self.used.add(key)
            self.count += 1
            try:
                self.call(key)
            except (OSError, http.client.HTTPException, openai.OpenAIError) as problem:
                self.failures.append(f"{type(problem).__name__}: {problem}")

    def prepare(self):
        self.connection = self.gateway.connection()

    def call(self, key):
        self.connection.request("POST", "/demo/plain/score", "{}", {
            "api-key": key, "content-type": "application/json"})
        response = self.connection.getresponse()
        content = response.read()
        if response.status != 200:
            self.failures.append(f"{response.status} {content[:100]}")


class SDKClient(Client):
    """The same through the OpenAI SDK."""

    def prepare(self):
        self.client = openai.OpenAI(base_url=f"https://localhost:{self.gateway.port}/v1", api_key="-", max_retries=0)

    def call(self, key):
        self.client.with_options(api_key=key).completions.create(model="plain", prompt="x")


def load(gateway, keys, change):
    """Clients that go on until `change` is over; they, and how long it took."""
    stopped = threading.Event()
    clients = [(SDKClient if number >= CLIENTS - 2 else Client)(gateway, keys, number, stopped)
               for number in range(CLIENTS)]
    started = time.monotonic()
    for client in clients:
        client.start()
    try:
        change(started)
    finally:
        stopped.set()
        for client in clients:
            client.join()
    return clients, time.monotonic() - started


def check_overlap(gateway, kind):
    @check(f"{kind.words} rotated with overlap {kind.rotations} times under {RATE} requests/s: not one failure")
    def _():
        keys = Keys(kind.issued(gateway), kind.slots)

        def rotate(started):
            for number in range(kind.rotations):
                slot = kind.slots[number % 2]
                keys.rotated(kind.rotated(gateway, slot, number), slot)
                time.sleep(max(0, started + (number + 1) * INTERVAL - time.monotonic()))

        clients, seconds = load(gateway, keys, rotate)
        failures = [failure for client in clients for failure in client.failures]
        count, used = sum(client.count for client in clients), set().union(*(client.used for client in clients))
        require(not failures, f"{len(failures)} of {count}, such as {failures[:2]}")
        require(count / seconds > RATE * 0.9, f"only {count / seconds:.0f} requests/s")
        require(len(used) > kind.rotations * 0.9, f"only {len(used)} keys were used")
        return f"{count} requests, {count / seconds:.0f}/s, {len(used)} keys"

    @check(f"at the end of its overlap an old key opens nothing: {kind.words}")
    def _():
        slot = kind.slots[0]
        old = kind.known(gateway)[slot]
        # The overlap begins at the gateway, somewhere between these two moments.
        asked = time.monotonic()
        kind.rotated(gateway, slot, 1)
        started = time.monotonic()
        while gateway.request("POST", "/demo/plain/score", {}, {"api-key": old}).status == 200:
            require(time.monotonic() - started < GRACE + 2, "it is still good 2 s later")
        late = time.monotonic() - asked
        require(late >= GRACE, f"it ended after {late:.2f} s of {GRACE} s")
        return f"after {late:.2f} s"


def refused_after(gateway, key, change, network, path="/demo/plain/score"):
    """Seconds after which connections on all event loops refuse a key; each of them had it accepted before."""
    # Of several addresses: one with many refused credentials is answered late.
    connections = [gateway.connection(host="127.0.0.1", source=f"127.0.{network}.{number + 1}") for number in range(16)]

    def status(connection):
        connection.request("POST", path, "{}", {"api-key": key, "content-type": "application/json"})
        response = connection.getresponse()
        response.read()
        return response.status

    require({status(connection) for connection in connections} == {200}, "it was not good before")
    change()
    started = time.monotonic()
    for connection in connections:
        while (found := status(connection)) != 401:
            require(time.monotonic() - started < 5, f"{found} after 5 s")
    seconds = time.monotonic() - started
    for connection in connections:
        connection.close()
    return seconds


def check_refusal(gateway):
    def named():
        return gateway.created("keys", "named", "create", "demo/app")["key"]

    cases = {
        "a revoked named key": (named, lambda: gateway.command("keys", "named", "revoke", "demo/app")),
        "a disabled named key": (named, lambda: gateway.command("keys", "named", "disable", "demo/app")),
        "a named key rotated without overlap": (
            lambda: (gateway.command("keys", "named", "enable", "demo/app"), gateway.created(
                "keys", "named", "rotate", "demo/app"))[1]["key"],
            lambda: gateway.command("keys", "named", "rotate", "demo/app")),
        "a key regenerated without overlap": (
            lambda: gateway.key("plain"), lambda: gateway.command("keys", "regenerate", "demo/plain")),
    }
    for number, (name, (make, change)) in enumerate(cases.items()):
        @check(f"{name} is refused within 1 s on every event loop")
        def _():
            seconds = refused_after(gateway, make(), change, number + 2)
            require(seconds <= 1, f"{seconds:.2f} s")
            return f"{seconds * 1000:.0f} ms"

    @check("an expired named key is refused within 1 s of its time")
    def _():
        end = time.time() + 2
        text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end))
        key = gateway.created("keys", "named", "create", "demo/brief", "--expires", text)["key"]
        require(gateway.request("POST", "/demo/plain/score", {}, {"api-key": key}).status == 200, "closed before")
        time.sleep(max(0, int(end) + 1 - time.time()))
        status = gateway.request("POST", "/demo/plain/score", {}, {"api-key": key}).status
        require(status == 401, f"status {status}")

    @check("a deleted tenant's keys are refused within 1 s on every event loop")
    def _():
        key = gateway.manage("GET", "gone/endpoints/plain/keys")["primaryKey"]
        seconds = refused_after(gateway, key, lambda: gateway.command("tenants", "delete", "gone"), 9,
                                "/gone/plain/score")
        require(seconds <= 1, f"{seconds:.2f} s")
        return f"{seconds * 1000:.0f} ms"

    @check("no key that was ever shown stands in a file of the gateway")
    def _():
        keys = [named_key["key"].encode() for named_key in [
            gateway.created("keys", "named", "create", f"demo/many-{index}") for index in range(3)]]
        keys += [gateway.key("plain").encode()]
        for path in [*gateway.directory.glob("*.db*"), gateway.directory / "gatehouse.log"]:
            content = path.read_bytes()
            require(not any(key in content for key in keys), f"a key is in {path.name}")


def check_schedule(schedule):
    @check(f"by key_rotation a new primary appears after {EVERY} s, the old one opens for {OVERLAP} s more and then"
           " nothing, and one signed webhook tells of it")
    def _():
        return schedule.outcome()


receiver = Receiver()
try:
    with Gateway(setting, "rotation", threads=4) as gateway:
        os.environ["SSL_CERT_FILE"] = str(gateway.authority)
        plain = gateway.backend("echo")
        gateway.apply("---\n".join([upstream_documents("plain", to(plain)),
                                    upstream_documents("plain", to(plain), tenant="gone")]))
        schedule = Schedule(gateway, plain, receiver)
        for kind in [Pair(), Named()]:
            check_overlap(gateway, kind)
        check_refusal(gateway)
        check_schedule(schedule)
finally:
    receiver.close()
check.finish()
