"""Two mirrors of all requests at once, one of which hangs: the live calls' answers and pace, the mirrors' own logs."""
import json
import statistics
import time

from harness import Checks, Gateway, Setting, lines, new_id, require, upstream_documents, wait_for
from pacing import Load

check = Checks("mirrors")
setting = Setting()
ROUNDS = 7 if setting.is_long else 2
REQUESTS = 300 if setting.is_long else 200
RATE = 60
DELAY = 0.02
MOST_RATIO = 1.1
STREAMS, EVENTS = 20, 5
MIRRORS = {"well": 100, "ill": 100}


def arrivals(file):
    """The ids that a backend was asked for, and each one's path."""
    return [tuple(line.split()) for line in file.read_text().splitlines()]


class Mirrored:
    """An endpoint whose deployment `blue` answers, with the mirrors `well` and `ill`, which never answers."""

    def __init__(self, gateway, name, kind):
        self.gateway, self.name = gateway, name
        self.files = {part: gateway.directory / f"{name}-{part}.arrivals" for part in ["blue", *MIRRORS]}
        log = gateway.directory / f"{name}.ids"
        running = {part: gateway.backend("gate" if part == "ill" else kind, "--log", log, "--delay", DELAY,
                                         "--arrivals", file) for part, file in self.files.items()}
        gateway.apply(upstream_documents(name, {part: (100 if part == "blue" else 0, {
            "upstream": {"urls": [f"http://127.0.0.1:{backend.port}"]}, "price": {"per_request": 1},
            "request_timeout_ms": 1500 if part == "ill" else 60000}) for part, backend in running.items()}))
        self.key = gateway.key(name)

    def mirror(self, weights):
        self.gateway.manage("PUT", f"demo/endpoints/{self.name}/traffic", {"mirrorTraffic": weights})
        # A mirror that comes back may count on or anew.
        self.before = self.counts()

    def counts(self):
        shown = self.gateway.manage("GET", f"demo/endpoints/{self.name}/traffic").get("mirrors") or []
        return {entry["deployment"]: (entry["sent"], entry["failed"], entry["dropped"]) for entry in shown}

    def settled(self, total):
        """Sent, failed and dropped copies of so many requests by mirror, once the ill one's have all failed."""
        def counted():
            found = {name: tuple(now - before for now, before in zip(counts, self.before[name]))
                     for name, counts in self.counts().items()}
            sent, failed, dropped = found["ill"]
            return sent + dropped == total and failed >= sent and found
        return wait_for(counted, 15, f"the end of the copies of {total} requests")

    def compare_logs(self, sent, copied):
        """By the backends' own logs: the live one was asked for each request, the healthy mirror for its copy, once."""
        found = {part: sorted(arrivals(file)) for part, file in self.files.items()}
        require([identifier for identifier, _ in found["blue"]] == sorted(sent),
                f"blue was asked {len(found['blue'])} times, {len(sent)} requests were sent")
        require([identifier for identifier, _ in found["well"]] == sorted(copied),
                f"the healthy mirror was asked {len(found['well'])} times, {len(copied)} copies were due")
        require(found["well"] == [pair for pair in found["blue"] if pair[0] in copied], "the copies have other paths")
        ill = [identifier for identifier, _ in found["ill"]]
        require(ill and len(ill) == len(set(ill)) and set(ill) <= copied, f"the ill mirror was asked {len(ill)} times")
        return f"{len(sent)} requests, {len(copied)} copies, of which the ill mirror saw {len(ill)}"

    def billed(self):
        """The requests and the cost of each deployment in the usage report."""
        rows = self.gateway.created("usage", "show", "demo", "--by", "endpoint,deployment")["rows"]
        return {row["deployment"]: (row["requests"], row["cost"]) for row in rows if row["endpoint"] == self.name}


def paired(endpoint, rounds):
    """Rounds with and without mirrors, by turns the one or the other first: a machine's moods are on both sides."""
    for is_mirrored in [side for turn in range(ROUNDS) for side in [turn % 2 == 0, turn % 2 == 1]]:
        endpoint.mirror(MIRRORS if is_mirrored else {})
        answers = Load(endpoint.gateway, endpoint.name, endpoint.key, RATE, REQUESTS).join()
        rounds[is_mirrored].append(answers)
        wrong = [(answer.status, answer.deployment) for answer in answers
                 if (answer.status, answer.deployment) != (200, "blue")]
        require(len(answers) == REQUESTS and not wrong, f"{len(wrong)} of {len(answers)} wrong: {set(wrong)}")
        if is_mirrored:
            counts = endpoint.settled(REQUESTS)
            require(counts["well"] == (REQUESTS, 0, 0), f"sent, failed, dropped: {counts}")


def check_pace(endpoint):
    rounds = {True: [], False: []}

    @check("beside two mirrors of everything, one of which hangs, each call is answered as without them")
    def _():
        paired(endpoint, rounds)
        slow, fast = [[statistics.median(answer.ended - answer.began for answer in answers) * 1000
                       for answers in rounds[side]] for side in [True, False]]
        ratios = [with_mirrors / without for with_mirrors, without in zip(slow, fast)]
        ratio = statistics.median(ratios)
        # Only of the long form: that has the machine for itself.
        require(not setting.is_long or ratio <= MOST_RATIO, f"p50 is {ratio:.2f} times that without mirrors: {ratios}")
        return (f"p50 {statistics.median(slow):.1f} ms with, {statistics.median(fast):.1f} ms without, "
                f"{ratio:.2f} times: {' '.join(f'{ratio:.2f}' for ratio in ratios)}")

    @check("by their own logs the healthy mirror got exactly one copy of each request, and the ill one no more")
    def _():
        ids = {side: {answer.id for answers in rounds[side] for answer in answers} for side in rounds}
        return endpoint.compare_logs(ids[True] | ids[False], ids[True])

    @check("the copies are not billed, though their deployments have a price")
    def _():
        total = REQUESTS * 2 * ROUNDS
        found = wait_for(lambda: (found := endpoint.billed()).get("blue", (0, 0))[0] >= total and found, 10, "usage")
        require(found == {"blue": (total, total)}, f"{found}, {total} calls were made")
        return f"{total} calls cost {found['blue'][1]:.0f}"


def streamed(endpoint, identifier):
    """One streamed call: how late its events are, each by itself, in seconds."""
    connection = endpoint.gateway.connection()
    connection.request("POST", f"/demo/{endpoint.name}/score?count={EVENTS}&gap=0.05", "{}", {
        "api-key": endpoint.key, "content-type": "application/json", "x-request-id": identifier})
    response = connection.getresponse()
    require((response.status, response.getheader("azureml-model-deployment")) == (200, "blue"), f"{response.status}")
    late, texts = [], []
    for line in lines(response):
        if line.startswith(b"data: "):
            texts.append(line[6:])
            if line != b"data: [DONE]":
                late.append(time.time() - json.loads(line[6:])["sent"])
    connection.close()
    require(len(late) == EVENTS and texts[-1] == b"[DONE]", f"events {texts}")
    return late


def check_streams(endpoint):
    @check("streamed calls are copied too, once each, and lose no event")
    def _():
        late, ids = {}, set()
        for weights in [{}, MIRRORS]:
            endpoint.mirror(weights)
            copied = {new_id() for _ in range(STREAMS)}
            late[len(weights)] = [seconds for identifier in copied for seconds in streamed(endpoint, identifier)]
            ids |= copied
        endpoint.settled(STREAMS)
        text = endpoint.compare_logs(ids, copied)
        require(endpoint.billed().keys() == {"blue"}, f"{endpoint.billed()}")
        middles = [statistics.median(late[number]) * 1000 for number in [2, 0]]
        return f"{text}; events {middles[0]:.2f} ms late with mirrors, {middles[1]:.2f} ms without"


with Gateway(setting, "mirrors", threads=2) as gateway:
    check_pace(Mirrored(gateway, "paced", "logging"))
    check_streams(Mirrored(gateway, "streamed", "events"))
check.finish()
