"""A wall clock that is stepped by an hour and back: it opens no limit and no quota."""
import mmap
import sys
import time

from harness import HERE, Checks, Gateway, Setting, require, run, to, upstream_documents
from storm import Storm

check = Checks("clock")
TOTAL, HOUR = 1000, 3600
# Of each kind of rule: what 1,000 requests at once may do.
RULES = {
    "hourly": (137, {"rate_limits": [{"requests": 137, "per": "hour"}]}),
    "addressed": (71, {"rate_limits": [{"requests": 71, "per": "hour", "by": "address"}]}),
    "monthly": (83, {"quotas": [{"requests": 83, "per": "month"}]}),
}


class Clock:
    """Steps the wall clock of a program, and not the monotonic one."""

    def __init__(self, directory):
        directory.mkdir(parents=True)
        library, offset = directory / "clock_step.so", directory / "offset"
        run("cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, HERE / "clock_step.c")
        offset.write_bytes(bytes(8))
        with open(offset, "r+b") as file:
            self.offset = mmap.mmap(file.fileno(), 8)
        self.environment = {"LD_PRELOAD": str(library), "CLOCK_STEP_FILE": str(offset)}

    def set(self, seconds):
        self.offset[:] = seconds.to_bytes(8, sys.byteorder, signed=True)


def passed(gateway, endpoint, key, count=TOTAL):
    answers = Storm(gateway, [(f"/demo/{endpoint}/score", {"api-key": key}, b"{}")] * count).run()
    statuses = {answer.status for answer in answers}
    require(statuses <= {200, 429}, f"statuses {statuses}")
    return sum(answer.status == 200 for answer in answers)


def believes(gateway):
    """The gateway's wall clock, as its answers date."""
    text = gateway.created("keys", "named", "create", f"demo/at-{time.monotonic_ns()}")["createdAt"]
    return time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone


def check_steps(gateway, clock):
    keys = {name: gateway.key(name) for name in RULES}

    @check("the gateway sees the stepped clock")
    def _():
        clock.set(HOUR)
        ahead = believes(gateway) - time.time()
        clock.set(0)
        require(abs(ahead - HOUR) < 10, f"it is {ahead:.0f} s ahead, not {HOUR}")

    for name, (count, _) in RULES.items():
        @check(f"{TOTAL} at once against {name} limits: exactly {count} pass, whichever way the clock is stepped")
        def _():
            found = {0: passed(gateway, name, keys[name])}
            for offset in [HOUR, -HOUR, 2 * HOUR, 0]:
                clock.set(offset)
                found[f"{offset:+d} s"] = passed(gateway, name, keys[name], 200)
            require(list(found.values())[0] == count, f"{found}")
            # An hour's limit drains by itself while this runs, wherever the wall clock is.
            require(sum(list(found.values())[1:]) <= 2, f"{found}")
            return f"{found}"

    @check(f"{TOTAL} at once while the clock jumps back and forth: exactly as many pass")
    def _():
        key = gateway.key("jumping")
        storm = Storm(gateway, [("/demo/jumping/score", {"api-key": key}, b"{}")] * TOTAL)
        storm.on_answers = lambda done: done % 50 or clock.set(HOUR if done % 100 else -HOUR)
        count = sum(answer.status == 200 for answer in storm.run())
        clock.set(0)
        require(count == 59, f"{count} passed of 59")

    @check("admin calls, receipts and keys go on after all that")
    def _():
        answer = gateway.request("POST", "/demo/free/score", {}, {"api-key": gateway.key("free")})
        require(answer.status == 200, f"status {answer.status}")
        gateway.receipt(answer.getheader("x-request-id"))


setting = Setting()
clock = Clock(setting.directory / "clock-offset")
with Gateway(setting, "clock", threads=4, environment=clock.environment) as gateway:
    backend = gateway.backend("logging", "--log", gateway.directory / "ids", "--delay", "0")
    gateway.apply("---\n".join(
        [upstream_documents(name, to(backend), **rule) for name, (_, rule) in RULES.items()]
        + [upstream_documents("jumping", to(backend), rate_limits=[{"requests": 59, "per": "hour"}]),
           upstream_documents("free", to(backend))]))
    check_steps(gateway, clock)
check.finish()
