"""All URLs of a deployment replaced under load while its old and its new servers answer: no caller notices."""
import json
import time

from harness import Checks, Gateway, Setting, require, upstream_documents
from pacing import Load

check = Checks("swap")
setting = Setting()
LOOPS, RATE = 4, 150
SWAPS = 60 if setting.is_long else 10
# How long a configuration serves before the next one comes.
PAUSE = 0.4


class Side:
    """Two servers that stand for a deployment's instances, and what arrived at them by their own logs."""

    def __init__(self, gateway, name):
        self.files = [gateway.directory / f"{name}-{number}.arrivals" for number in range(2)]
        running = [gateway.backend("logging", "--log", file.with_suffix(".ids"), "--name", name, "--arrivals", file)
                   for file in self.files]
        self.urls = [f"http://127.0.0.1:{backend.port}" for backend in running]

    def arrived(self):
        """The ids of all requests, once for each time that one arrived."""
        return [line.split()[0] for file in self.files for line in file.read_text().splitlines()]


def put(gateway, side):
    """Replaces the URLs; when the command was started and when it had returned."""
    began = time.monotonic()
    gateway.apply(upstream_documents("swap", {"only": (100, {"upstream": {"urls": side.urls}})}))
    return began, time.monotonic()


def swapped(gateway, sides):
    """Both sides by turns, the second first: (name, began, returned) of each."""
    turns = []
    for turn in range(SWAPS):
        name = ["new", "old"][turn % 2]
        turns.append((name, *put(gateway, sides[name])))
        time.sleep(PAUSE)
    return turns


def due(turns, answer):
    """The side that must have been asked, where the request was sent after a swap and answered before the next one."""
    for (name, _, returned), (_, following, _) in zip(turns, [*turns[1:], (None, float("inf"), None)]):
        if returned < answer.began < following:
            return name if answer.ended < following else None
    return None


def check_swaps(gateway):
    sides = {name: Side(gateway, name) for name in ["old", "new"]}
    put(gateway, sides["old"])
    key = gateway.key("swap")

    @check(f"{SWAPS} times all URLs are replaced under {RATE} requests a second on {LOOPS} event loops: no request fails,"
           " and none sent after the command returned reaches a server that is no longer named")
    def _():
        load = Load(gateway, "swap", key, RATE)
        try:
            turns = swapped(gateway, sides)
        finally:
            answers = load.stop()
        failed = [answer for answer in answers if answer.status != 200]
        first = failed and (failed[0].status, failed[0].content)
        require(not failed, f"{len(failed)} of {len(answers)} failed, first {first}")
        where = {}
        for name, side in sides.items():
            for identifier in side.arrived():
                require(identifier not in where, f"{identifier} was asked twice")
                where[identifier] = name
        require(set(where) == {answer.id for answer in answers}, "the servers' logs hold other requests than were sent")
        for answer in answers:
            said = json.loads(answer.content)["answered_by"]
            require(said == where[answer.id], f"{said} answered what arrived at {where[answer.id]}")
        judged = [(name, answer) for answer in answers if (name := due(turns, answer))]
        late = [(name, where[answer.id]) for name, answer in judged if where[answer.id] != name]
        require(not late, f"{len(late)} of {len(judged)} reached the others, first (due, asked) {late[:1]}")
        counts = {name: sum(1 for asked, _ in judged if asked == name) for name in sides}
        require(min(counts.values()) >= RATE * PAUSE * SWAPS / 4, f"only {counts} were sent between two swaps")
        return f"{len(answers)} requests, of those after a command returned {counts}"


with Gateway(setting, "swap", threads=LOOPS) as gateway:
    check_swaps(gateway)
check.finish()
