"""A key that is rotated by schedule: watched beside a program's other checks, as it takes a minute and a half."""
import calendar
import threading
import time

from harness import require, to, upstream_documents, wait_for

EVERY, OVERLAP = 60, 30
# Keys that are due are looked for every ten seconds.
LOOKED_FOR = 10
PAUSE = 0.5


class Schedule(threading.Thread):
    """An endpoint with `key_rotation`, from when it is made until its first primary opens nothing any more."""

    def __init__(self, gateway, backend, receiver):
        super().__init__(daemon=True)
        self.gateway, self.receiver, self.problem, self.detail = gateway, receiver, None, ""
        self.began = time.monotonic()
        gateway.apply(upstream_documents("timed", to(backend)))
        # Documents want an hour at least.
        gateway.manage("PUT", "demo/endpoints/timed", {
            **gateway.manage("GET", "demo/endpoints/timed"), "keyRotation": {"every": EVERY, "overlap": OVERLAP}})
        self.secret = gateway.created("webhooks", "add", "demo/keys", "--url", receiver.url,
                                      "--event", "key.rotated")["secret"]
        self.first = self.pair()
        self.start()

    def run(self):
        try:
            self.watch()
        except Exception as problem:  # it is raised again where it is asked for
            self.problem = problem

    def outcome(self):
        """Waits for the end; what it saw, in words."""
        self.join(EVERY + OVERLAP + 60)
        require(not self.is_alive(), "it has not come to an end")
        if self.problem:
            raise self.problem
        return self.detail

    def pair(self):
        return self.gateway.manage("GET", "demo/endpoints/timed/keys")

    def status(self, key):
        return self.gateway.request("POST", "/demo/timed/score", {}, {"api-key": key}, source="127.0.8.1").status

    def watch(self):
        old = self.first["primaryKey"]
        pair = self.replaced(old)
        seconds = time.monotonic() - self.began
        require(EVERY - 1 <= seconds, f"it was replaced after {seconds:.1f} s of {EVERY} s")
        require(pair["secondaryKey"] == self.first["secondaryKey"], "the secondary has changed as well")
        end = self.told()
        refused = self.last(old, pair["primaryKey"], end)
        require(self.pair() == pair, "the pair has changed again")
        # A second one would have had half a minute.
        count = len(self.receiver.of("key.rotated"))
        require(count == 1, f"told {count} times")
        self.detail = f"replaced after {seconds:.0f} s, refused {refused - end:.2f} s after its end"

    def replaced(self, old):
        """The pair with another primary, which opens as the old one did all the time."""
        while (pair := self.pair())["primaryKey"] == old:
            require(time.monotonic() - self.began < EVERY + 2 * LOOKED_FOR, "no new primary has appeared")
            require(self.status(old) == 200, "the first primary does not open")
            time.sleep(PAUSE)
        return pair

    def told(self):
        """Until when the old key opens, as the webhook says: seconds since 1970."""
        [event] = wait_for(lambda: self.receiver.of("key.rotated"), 10, "key.rotated")
        event.verify(self.secret)
        require(event.content["tenant"] == "demo", f"{event.content}")
        data = event.content["data"]
        require(set(data) == {"endpoint", "slot", "previousValidUntil"}, f"{data}")
        require((data["endpoint"], data["slot"]) == ("timed", "primary"), f"{data}")
        end = calendar.timegm(time.strptime(data["previousValidUntil"], "%Y-%m-%dT%H:%M:%SZ"))
        rotated = calendar.timegm(time.strptime(event.content["time"][:19], "%Y-%m-%dT%H:%M:%S"))
        # Whole seconds, and never less than was promised.
        require(0 <= end - rotated - OVERLAP <= 1, f"it opens for {end - rotated} s more")
        return end

    def last(self, old, new, end):
        """Both open until the overlap is over, then the new one alone; when the old one was refused."""
        opened = 0
        while True:
            began = time.time()
            status = self.status(old)
            require(self.status(new) == 200, "the new primary does not open")
            if status == 401:
                break
            require(status == 200, f"the old primary gave {status}")
            require(began < end + 1, f"the old primary opens {began - end:.1f} s after its end")
            opened += 1
            time.sleep(PAUSE)
        refused = time.time()
        require(refused >= end, f"the old primary was refused {end - refused:.1f} s before its end")
        require(opened >= OVERLAP / 4, f"it was tried {opened} times in its overlap")
        return refused
