"""A wall clock that is stepped, by an hour and back: it opens no limit and no quota but a month's that is over."""
import calendar
import contextlib
import dataclasses
import mmap
import sys
import threading
import time

import backends
from chats import PRICE, WORDS, chat_body, chats, micros
from harness import HERE, Checks, Failure, Gateway, Setting, require, run, to, upstream_documents, wait_for
from storm import Storm, agree, tell

check = Checks("clock")
TOTAL, HOUR, PLACES = 1000, 3600, 37


@dataclasses.dataclass
class Rule:
    """A way to limit, and how many of 1,000 requests at once it lets pass."""
    count: int
    settings: dict
    # What is counted, and how much of it one request takes; other than requests are counted of chats.
    measure: str = "requests"
    unit: int = 1
    # By the monotonic clock, how often one more may pass; a quota's window ends beyond this test.
    seconds: float = float("inf")

    def storm(self, gateway, endpoint, key, count=TOTAL):
        if self.measure != "requests":
            return Storm(gateway, chats(key, endpoint, count))
        return Storm(gateway, [(f"/demo/{endpoint}/score", {"api-key": key}, b"{}")] * count)

    def deployments(self, echo, model):
        if self.measure == "requests":
            return to(echo)
        upstream = {"urls": [f"http://127.0.0.1:{model.port}"], "model": backends.OWN_MODEL}
        return {"only": (100, {"upstream": upstream, **({"price": PRICE} if self.measure == "money" else {})})}


def rules():
    def tokens(count, per):
        unit = chat_body(f"tokens-{per}-a")[1] + WORDS
        return Rule(count, {"rate_limits": [{"tokens": count * unit, "per": per}]}, "tokens", unit,
                    {"minute": 60, "hour": HOUR}[per] / count)

    cost = 97 * micros(chat_body("money-month-a")[1])
    return {
        "hourly": Rule(137, {"rate_limits": [{"requests": 137, "per": "hour"}]}, seconds=HOUR / 137),
        "addressed": Rule(71, {"rate_limits": [{"requests": 71, "per": "hour", "by": "address"}]}, seconds=HOUR / 71),
        "monthly": Rule(83, {"quotas": [{"requests": 83, "per": "month"}]}),
        "tokens-minute": tokens(5, "minute"), "tokens-hour": tokens(61, "hour"),
        "money-month": Rule(97, {"quotas": [{"cost": cost / 1e6, "per": "month"}]}, "money"),
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


def passed(rule, gateway, endpoint, key, count=TOTAL):
    storm = rule.storm(gateway, endpoint, key, count)
    statuses = [answer.status for answer in storm.run()]
    require(set(statuses) <= {200, 429}, f"statuses {set(statuses)}")
    # What drains during the storm is told as well: only where that is less than a request.
    if rule.seconds > 20 and rule.measure != "money":
        agree(storm, rule.measure, rule.unit)
    return statuses.count(200)


def believes(gateway):
    """The gateway's wall clock, as its answers date."""
    text = gateway.created("keys", "named", "create", f"demo/at-{time.monotonic_ns()}")["createdAt"]
    return time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone


def check_steps(gateway, clock):
    @check("the gateway sees the stepped clock")
    def _():
        clock.set(HOUR)
        ahead = believes(gateway) - time.time()
        clock.set(0)
        require(abs(ahead - HOUR) < 10, f"it is {ahead:.0f} s ahead, not {HOUR}")

    for name, rule in rules().items():
        @check(f"{TOTAL} at once against {name} limits: exactly {rule.count} pass, whichever way the clock is stepped")
        def _():
            key, began = gateway.key(f"{name}-a"), time.monotonic()
            found = {0: passed(rule, gateway, f"{name}-a", key)}
            first = int((time.monotonic() - began) / rule.seconds)
            for offset in [HOUR, -HOUR, 2 * HOUR, 0]:
                clock.set(offset)
                found[f"{offset:+d} s"] = passed(rule, gateway, f"{name}-a", key, 200)
            # What drains meanwhile, wherever the wall clock is, and not one more.
            drained = int((time.monotonic() - began) / rule.seconds)
            require(rule.count <= found[0] <= rule.count + first, f"{found}, {first} drained in the first")
            require(sum(found.values()) <= rule.count + drained, f"{found}, {drained} drained")
            return f"{found}"

        @check(f"{name} limits that are half used when the clock is stepped: exactly the other half passes")
        def _():
            key, half, began = gateway.key(f"{name}-b"), rule.count // 2, time.monotonic()
            before = passed(rule, gateway, f"{name}-b", key, half)
            clock.set(HOUR)
            after = passed(rule, gateway, f"{name}-b", key)
            clock.set(0)
            drained = int((time.monotonic() - began) / rule.seconds)
            require(before == half, f"{before} of {half} passed before")
            require(rule.count <= before + after <= rule.count + drained, f"{before} and {after}, {drained} drained")
            return f"{before} and {after}"


def check_jumps(gateway, clock):
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


def month_end():
    now = time.gmtime()
    years, months = divmod(now.tm_mon, 12)
    return calendar.timegm((now.tm_year + years, months + 1, 1, 0, 0, 0))


def check_month(gateway, clock):
    @check("a money quota: a step less than two hours into the next month opens nothing, the next month all of it once")
    def _():
        rule, key, end = rules()["money-month"], gateway.key("money-month-c"), month_end()
        found = {}
        for words, moment, count in [
                ("before its end", end - HOUR // 2, 40), ("at its end", end - HOUR // 2, TOTAL),
                ("an hour into the next", end + HOUR // 2, TOTAL), ("later in the next", end + 3 * HOUR, TOTAL),
                ("still later", end + 4 * HOUR, 200), ("back", end - 48 * HOUR, 200)]:
            clock.set(int(moment - time.time()))
            found[words] = passed(rule, gateway, "money-month-c", key, count)
        clock.set(0)
        require(list(found.values()) == [40, rule.count - 40, 0, rule.count, 0, 0], f"{found}")
        return f"{found}"


def check_places(gateway, clock, gate):
    def requests(key, count):
        return [("/demo/gated/score", {"api-key": key}, b"{}")] * count

    def held(count):
        return tell(gate, "/held")["held"] == count

    def open_when_decided(storm):
        with contextlib.suppress(Failure):
            wait_for(lambda: storm.done == TOTAL - PLACES + 20 and held(PLACES), 20, "all to be decided")
        tell(gate, "/open")

    @check(f"{PLACES} at a time: no place is freed or lost when the clock is stepped while they are taken")
    def _():
        key, found = gateway.key("gated"), {}
        for offset in [HOUR, -HOUR, 40 * 24 * HOUR, 0]:
            tell(gate, "/close")
            first = Storm(gateway, requests(key, 20))
            holding = threading.Thread(target=first.run)
            holding.start()
            wait_for(lambda: held(20), 20, "20 to be held")
            clock.set(offset)
            storm = Storm(gateway, requests(key, TOTAL))
            threading.Thread(target=open_when_decided, args=[storm]).start()
            statuses = [answer.status for answer in storm.run()]
            holding.join()
            found[f"{offset:+d} s"] = sum(answer.status == 200 for answer in first.answers), statuses.count(200)
            require(found[f"{offset:+d} s"] == (20, PLACES - 20), f"{found}")
            require(statuses.count(429) == TOTAL - PLACES + 20, f"statuses {set(statuses)}")
        used = gateway.created("limits", "show", "demo/gated")["state"][0]["used"]
        require(used == 0, f"{used} places are taken when all is over")
        return f"{found}"


setting = Setting()
clock = Clock(setting.directory / "clock-offset")
with Gateway(setting, "clock", threads=4, environment=clock.environment) as gateway:
    echo = gateway.backend("logging", "--log", gateway.directory / "ids", "--delay", "0")
    gate, model = gateway.backend("gate"), gateway.backend("openai")
    gateway.apply("---\n".join(
        [upstream_documents(f"{name}-{which}", rule.deployments(echo, model), **rule.settings)
         for name, rule in rules().items() for which in "abc"]
        + [upstream_documents("jumping", to(echo), rate_limits=[{"requests": 59, "per": "hour"}]),
           upstream_documents("gated", to(gate), rate_limits=[{"concurrent": PLACES}]),
           upstream_documents("free", to(echo))]))
    check_steps(gateway, clock)
    check_places(gateway, clock, gate)
    check_jumps(gateway, clock)
    check_month(gateway, clock)
check.finish()
