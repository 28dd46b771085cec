"""`kill -9` at random moments while keys, tenants, endpoints, roles and webhooks come, go and change, and quotas of requests
and of money are used: what was acknowledged is there afterwards."""
import contextlib
import http.client
import random
import shutil
import sqlite3
import threading
import time

from harness import Checks, Gateway, Setting, require, to, upstream_documents

check = Checks("durability")
# How much counting a crash may lose (issue 3; SECURITY D-4 allows 1 s).
LOST_SECONDS = 0.2
ENDPOINTS = ["one", "two"]
# What a request costs at `two`, whose quota is one of money.
COST = 0.25
# Resources that are written over and over: the path's beginning, and a body that holds a number.
RESOURCES = {
    "tenant-": lambda number: {"subscription": f"s-{number}"},
    "demo/endpoints/made-": lambda number: {
        "description": f"d-{number}", "rateLimits": [{"requests": number, "per": "hour"}]},
    "demo/roles/made-": lambda number: {"role": "invoke", "subject": f"user-{number}"},
    "demo/webhooks/made-": lambda number: {"url": f"https://hooks.example.com/{number}"},
}


class Life:
    """One life of the gateway between a start and a kill, and what its users ask and are told."""

    def __init__(self, gateway, book):
        self.gateway, self.book, self.stopped = gateway, book, threading.Event()
        self.threads = [threading.Thread(target=work) for work in [
            self.work_keys, self.work_pairs, self.work_resources, *[lambda name=name: self.work_quota(name) for name in ENDPOINTS]]]

    def guarded(self, action):
        """Whether the gateway answered; what it did with a request that the kill cut off, nobody knows."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            action()
            return True
        return False

    def work_keys(self):
        while not self.stopped.is_set():
            name = self.book.new_name()
            self.book.unsure.add(name)
            if not self.guarded(lambda: self.create(name)):
                return
            if random.random() < 0.5:
                victim = random.choice(list(self.book.keys))
                self.book.unsure.add(victim)
                if not self.guarded(lambda: self.revoke(victim)):
                    return

    def create(self, name):
        self.book.keys[name] = self.gateway.manage("POST", "demo/keys", {"name": name})["key"]
        self.book.unsure.discard(name)

    def revoke(self, name):
        self.gateway.manage("DELETE", f"demo/keys/{name}")
        self.book.revoked[name] = self.book.keys.pop(name)
        self.book.unsure.discard(name)

    def work_pairs(self):
        while not self.stopped.is_set():
            slot = random.choice(["primary", "secondary"])
            self.book.unsure.add(slot)
            if not self.guarded(lambda: self.regenerate(slot)):
                return

    def regenerate(self, slot):
        pair = self.gateway.manage("POST", "demo/endpoints/pairs/keys/regenerate", {"slot": slot})
        self.book.pair[slot] = pair[f"{slot}Key"]
        self.book.unsure.discard(slot)

    def work_resources(self):
        while not self.stopped.is_set():
            self.book.writes += 1
            kind = random.choice(list(RESOURCES))
            path, body = f"{kind}{random.randrange(5)}", RESOURCES[kind](self.book.writes)
            self.book.cut_off = path, body
            if not self.guarded(lambda: self.gateway.manage("PUT", path, body)):
                return
            self.book.resources[path] = body
            self.book.cut_off = None

    def work_quota(self, endpoint):
        key, sent, answered = self.book.quota_keys[endpoint], self.book.sent, self.book.answered
        connection = self.gateway.connection()
        while not self.stopped.is_set():
            sent[endpoint] += 1
            if not self.guarded(lambda: self.score(connection, endpoint, key)):
                break
            answered[endpoint].append(time.monotonic())
        connection.close()

    def score(self, connection, endpoint, key):
        connection.request("POST", f"/demo/{endpoint}/score", "{}", {
            "api-key": key, "content-type": "application/json"})
        response = connection.getresponse()
        response.read()
        require(response.status == 200, f"{endpoint} gave {response.status}")

    def run(self, seconds):
        for thread in self.threads:
            thread.start()
        time.sleep(seconds)
        killed = time.monotonic()
        self.gateway.kill()
        self.stopped.set()
        for thread in self.threads:
            thread.join()
        return killed


class Book:
    """What the users wrote down over all lives."""

    def __init__(self, gateway):
        # `unknown` were made by requests that the kill cut off.
        self.names, self.unsure, self.unknown = 0, set(), set()
        self.keys, self.revoked = {}, {}
        self.pair = {}
        # The last acknowledged body of each resource, by path; the write that the kill may have cut off.
        self.writes, self.resources, self.cut_off = 0, {}, None
        self.quota_keys = {name: gateway.key(name) for name in ENDPOINTS}
        self.begin_life({name: 0 for name in ENDPOINTS})

    def begin_life(self, counted):
        self.counted = counted
        self.sent = {name: 0 for name in ENDPOINTS}
        self.answered = {name: [] for name in ENDPOINTS}

    def new_name(self):
        self.names += 1
        return f"key-{self.names}"


def intact(path):
    """Asks a copy: opening the file itself would mend what the kill has left."""
    copy = path.parent / "copy"
    copy.mkdir()
    for part in path.parent.glob(f"{path.name}*"):
        shutil.copy(part, copy)
    with contextlib.closing(sqlite3.connect(copy / path.name)) as store:
        verdict = store.execute("PRAGMA integrity_check").fetchone()[0]
        strangers = store.execute("PRAGMA foreign_key_check").fetchall()
    shutil.rmtree(copy)
    require(verdict == "ok" and not strangers, f"{path.name}: {verdict}, {strangers[:2]}")


def verify_keys(gateway, book, connection):
    def status(key):
        connection.request("POST", "/demo/free/score", "{}", {"api-key": key, "content-type": "application/json"})
        response = connection.getresponse()
        response.read()
        return response.status

    listed = {key["name"] for key in gateway.manage("GET", "demo/keys")["value"]}
    sure = set(book.keys) - book.unsure
    require(sure <= listed, f"{len(sure - listed)} acknowledged keys are gone, such as {list(sure - listed)[:2]}")
    back = (set(book.revoked) - book.unsure) & listed
    require(not back, f"revoked keys are back: {list(back)[:2]}")
    book.unknown |= book.unsure & listed - set(book.keys)
    strangers = listed - set(book.keys) - book.unknown
    require(not strangers, f"keys that nobody asked for: {list(strangers)[:2]}")
    for name in random.sample(sorted(sure), min(10, len(sure))):
        require(status(book.keys[name]) == 200, f"{name} does not open")
    # Few: every refused credential counts against this address.
    for name in random.sample(sorted(book.revoked), min(3, len(book.revoked))):
        require(status(book.revoked[name]) == 401, f"{name} was revoked and opens")
    pair = gateway.manage("GET", "demo/endpoints/pairs/keys")
    for slot, key in book.pair.items():
        require(slot in book.unsure or pair[f"{slot}Key"] == key, f"the {slot} key is an older one")
        book.pair[slot] = pair[f"{slot}Key"]
    for name in book.unsure & set(book.keys) - listed:
        book.revoked[name] = book.keys.pop(name)


def verify_resources(gateway, book):
    path, body = book.cut_off or (None, None)
    if path in book.resources and agrees(gateway.manage("GET", path), body):
        book.resources[path] = body
    book.cut_off = None
    for path, body in book.resources.items():
        found = gateway.manage("GET", path)
        require(agrees(found, body), f"{path} is {found}, and {body} was acknowledged")


def agrees(found, value):
    """Whether what is shown says at least what was sent."""
    if isinstance(value, dict):
        return isinstance(found, dict) and all(agrees(found.get(name), member) for name, member in value.items())
    if isinstance(value, list):
        return isinstance(found, list) and len(found) == len(value) and all(map(agrees, found, value))
    return found == value


def verify_quotas(gateway, book, killed):
    """The counts after the kill, and how many milliseconds of counting were lost at most."""
    counted, lost = {}, 0
    for name in ENDPOINTS:
        used = gateway.manage("GET", f"demo/endpoints/{name}/limits")["state"][0]["used"]
        used = round(used / COST) if name == "two" else int(used)
        answered = book.answered[name]
        least = book.counted[name] + sum(moment < killed - LOST_SECONDS for moment in answered)
        most = book.counted[name] + book.sent[name]
        require(least <= used <= most, f"{name}: {used} are counted, {least} to {most} are due")
        kept = used - book.counted[name]
        if kept < len(answered):
            lost = max(lost, killed - answered[kept])
        counted[name] = used
    return counted, lost * 1000


setting = Setting()
times = 50 if setting.is_long else 5
gateway = Gateway(setting, "durability", threads=2)
with gateway:
    backend = gateway.backend("logging", "--log", gateway.directory / "ids", "--delay", "0.002")
    gateway.apply("---\n".join(
        [upstream_documents("one", to(backend), quotas=[{"requests": 10_000_000, "per": "month"}]),
         upstream_documents("two", to(backend, price={"per_request": COST}), quotas=[
             {"cost": 10_000_000, "per": "month"}])]
        + [upstream_documents(name, to(backend)) for name in ["free", "pairs"]]))
    book = Book(gateway)
    book.keys["key-0"] = gateway.manage("POST", "demo/keys", {"name": "key-0"})["key"]

    @check(f"{times} times kill -9: every acknowledged write is there, quotas are at most {LOST_SECONDS} s short")
    def _():
        worst, requests = 0, 0
        for turn in range(times):
            killed = Life(gateway, book).run(random.uniform(0.3, 1.8))
            intact(gateway.store)
            intact(gateway.receipts)
            gateway.start()
            connection = gateway.connection()
            verify_keys(gateway, book, connection)
            connection.close()
            verify_resources(gateway, book)
            book.unsure.clear()
            counted, lost = verify_quotas(gateway, book, killed)
            requests += sum(map(len, book.answered.values()))
            require(all(book.answered.values()), f"turn {turn}: no request was answered")
            worst = max(worst, lost)
            book.begin_life(counted)
        writes = book.names + len(book.revoked) + book.writes
        # SECURITY D-3: 1,000 over 50 kills.
        require(writes >= 20 * times, f"only {writes} writes were made")
        return (f"{book.names} keys, {len(book.revoked)} revoked, {book.writes} other writes, {requests} requests, "
                f"at most {worst:.0f} ms lost")

    @check("usage reports say the same as the quotas")
    def _():
        rows = gateway.created("usage", "show", "demo", "--by", "endpoint")["rows"]
        found = {row["endpoint"]: row["requests"] for row in rows if row["endpoint"] in ENDPOINTS}
        require(found == book.counted, f"usage {found}, quotas {book.counted}")
check.finish()
