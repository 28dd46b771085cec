"""Traffic under load: weights that change, deployments that come and go, mirrors that fail, versions and stickiness."""
import contextlib
import random
import sqlite3
import statistics
import time

from harness import Checks, Gateway, Setting, free_port, new_id, require, run, upstream_documents, wait_for
from pacing import RATE, Load

check = Checks("traffic")
LOOPS = 4
# What a busy machine must still reach, on average.
LEAST_RATE = 200


def logged(path):
    return path.read_text().split() if path.exists() else []


def backends(gateway, *names, delay=0.002):
    """Logging backends, and the files of the ids that they answered."""
    logs = {name: gateway.directory / f"{name}-{new_id()[-6:]}.ids" for name in names}
    running = {name: gateway.backend("logging", "--log", logs[name], "--name", name, "--delay", delay,
                                     "--arrivals", arrivals(logs[name]))
               for name in names}
    return running, logs


def arrivals(log):
    return log.with_suffix(".arrivals")


def asked_for(log):
    """The ids and the deployments that the backend of this log was asked for, by the prefix of each one's paths."""
    return [(identifier, target.split("/")[1])
            for identifier, target in (line.split() for line in arrivals(log).read_text().splitlines())]


def prefixed(process, name):
    """The upstream of a deployment whose backend sees its name in every path."""
    return {"upstream": {"urls": [f"http://127.0.0.1:{process.port}"], "path": {"addPrefix": f"/{name}"}}}


def urls(process):
    return {"upstream": {"urls": [f"http://127.0.0.1:{process.port}"]}}


class Timeline:
    """Which deployments may have had weight at an instant, by when each change was asked for and answered."""

    def __init__(self, gateway, endpoint, weights):
        self.gateway, self.endpoint = gateway, endpoint
        self.changes = [(0.0, 0.0, set(weights))]

    def set(self, weights):
        asked = time.monotonic()
        self.gateway.manage("PUT", f"demo/endpoints/{self.endpoint}/traffic", {"traffic": weights})
        self.changes.append((asked, time.monotonic(), {name for name, weight in weights.items() if weight}))

    def allowed(self, began, ended):
        """A configuration serves from when it was asked for until the next one is answered."""
        found = set()
        for index, (asked, _, names) in enumerate(self.changes):
            replaced = self.changes[index + 1][1] if index + 1 < len(self.changes) else float("inf")
            if asked <= ended and replaced >= began:
                found |= names
        return found


def change(gateway, timeline, backend):
    """200 changes of the weights and 50 deployments that are made, get requests and are deleted; their names."""
    chance, names = random.Random(4), [f"visitor-{turn}" for turn in range(50)]
    for name in names:
        path = f"demo/endpoints/split/deployments/{name}"
        gateway.manage("PUT", path, {**prefixed(backend, name), "requestSettings": {"requestTimeoutMs": 60000}})
        blue = chance.choice([0, 10, 50, 90])
        timeline.set({"blue": blue // 2, "green": 60 - blue // 2, name: 40})
        time.sleep(0.03)
        timeline.set({"blue": 100 - blue, "green": blue})
        timeline.set({"blue": 100})
        gateway.manage("DELETE", path)
        timeline.set({"green": 100})
    require(len(timeline.changes) == 201, f"{len(timeline.changes) - 1} changes")
    return names


def places(logs):
    """The deployment that was asked for each id, by the backends' own logs; fails where one was asked twice."""
    found = {}
    for name, log in logs.items():
        ids = asked_for(log)
        require([identifier for identifier, _ in ids] and len(ids) == len(logged(log)),
                f"{name} was asked {len(ids)} times and answered {len(logged(log))}")
        for identifier, prefix in ids:
            require(identifier not in found, f"{identifier} ran twice")
            found[identifier] = prefix if name == "visitor" else name
    return found


setting = Setting()
with Gateway(setting, "traffic", threads=LOOPS) as gateway:
    running, logs = backends(gateway, "blue", "green", "visitor")
    gateway.apply(upstream_documents("split", {
        "blue": (90, urls(running["blue"])), "green": (10, urls(running["green"]))}))
    key = gateway.key("split")

    @check(f"200 weight changes and 50 deployments made and deleted under {RATE} requests a second on {LOOPS} event loops"
           " lose, double and misroute no request")
    def _():
        timeline = Timeline(gateway, "split", ["blue", "green"])
        load, began = Load(gateway, "split", key, pins=True), time.monotonic()
        try:
            visitors = change(gateway, timeline, running["visitor"])
        finally:
            answers = load.stop()
        rate = len(answers) / (time.monotonic() - began)
        lost = [answer for answer in answers if answer.status != 200]
        require(not lost, f"{len(lost)} of {len(answers)} lost, first {lost and (lost[0].status, lost[0].content)}")
        asked = places(logs)
        require(set(asked) == {answer.id for answer in answers}, "the logs hold other requests than the clients")
        for answer in answers:
            where = asked[answer.id]
            require(answer.deployment == where, f"{answer.deployment} is said to have answered, {where} did")
            if answer.pinned:
                require(where == answer.pinned, f"pinned {answer.pinned}, {where} was asked")
            else:
                allowed = timeline.allowed(answer.began, answer.ended)
                require(where in allowed, f"{where} was asked while {sorted(allowed)} had weight")
        visited = set(asked.values()) & set(visitors)
        require(len(visited) >= 40, f"only {len(visited)} of the 50 that came and went were asked")
        require(rate >= LEAST_RATE, f"{rate:.0f} requests a second of {RATE}")
        counts = {name: len(logged(log)) for name, log in logs.items()}
        return f"{len(answers)} requests, {rate:.0f}/s, {counts}, {len(visited)} of 50 visitors asked"

    def receipts_of_copies(ids):
        with contextlib.closing(sqlite3.connect(f"file:{gateway.receipts}?mode=ro", uri=True, timeout=5)) as store:
            rows = store.execute("SELECT request_id, deployment, upstream_status, outcome FROM receipts "
                                 "WHERE mirror_of <> ''").fetchall()
        return [row for row in rows if row[0] in ids]

    def mirrored(name, url, timeout=300):
        """The endpoint with `blue` live and a mirror of everything; the weight API turns it on."""
        documents = upstream_documents(name, {
            "blue": (100, urls(running["blue"])),
            "shadow": (0, {"upstream": {"urls": [url]}, "request_timeout_ms": timeout})})
        # One of the mirrors never gets ready.
        gateway.apply(documents, waits=False)
        wait_for(lambda: gateway.created("deployments", "show", f"demo/{name}/blue")["isReady"], 10, "blue is ready")
        return gateway.key(name)

    gate = gateway.backend("gate")
    slow, slow_logs = backends(gateway, "shadow", delay=0.05)
    faults = [("hangs", f"http://127.0.0.1:{gate.port}", 2000), ("is not there", f"http://127.0.0.1:{free_port()}", 300),
              ("is slow", f"http://127.0.0.1:{slow['shadow'].port}", 60000)]
    for number, (fault, url, timeout) in enumerate(faults):
        @check(f"a mirror of all requests that {fault} changes no live answer")
        def _(number=number, fault=fault, url=url, timeout=timeout):
            name = f"mirror-{number}"
            mirror_key = mirrored(name, url, timeout)
            plain = Load(gateway, name, mirror_key, total=600).join()
            command = ["endpoints", "traffic", f"demo/{name}", "--mirror", "shadow=100"]
            require(gateway.created(*command)["mirrorTraffic"] == {"shadow": 100}, "the mirror is not there")
            answers = Load(gateway, name, mirror_key, total=600).join()
            wrong = [answer for answer in answers if answer.status != 200 or answer.deployment != "blue"]
            require(not wrong, f"{len(wrong)} wrong answers, first {wrong and (wrong[0].status, wrong[0].content)}")
            ids = {answer.id for answer in answers}

            def counted():
                counts = gateway.created("endpoints", "traffic", f"demo/{name}")["mirrors"][0]
                copies = receipts_of_copies(ids)
                return counts["sent"] + counts["dropped"] == 600 and len(copies) == counts["sent"] and (counts, copies)
            counts, copies = wait_for(counted, 10, "every copy is booked")
            require(len({row[0] for row in copies}) == len(copies), "a request has two copies at one mirror")
            if fault == "is slow":
                ids_at_mirror = logged(slow_logs["shadow"])
                require(sorted(ids_at_mirror) == sorted(row[0] for row in copies), "the mirror got other requests")
                require(all(row[3] == "completed" and row[2] == 200 for row in copies), "a copy was not completed")
            else:
                require(all(row[3] != "completed" for row in copies), "a copy was completed")

            def middle(load):
                return statistics.median(answer.ended - answer.began for answer in load) * 1000
            return f"p50 {middle(plain):.1f} ms without, {middle(answers):.1f} ms with, {counts}"

    @check("a request over HTTP/2 is copied too")
    def _():
        request_id, mirror_key = new_id(), gateway.key("mirror-2")
        run("curl", "--silent", "--show-error", "--fail", "--http2", "--cacert", gateway.authority, "--data", "{}",
            "--header", f"api-key: {mirror_key}", "--header", f"x-request-id: {request_id}",
            f"https://localhost:{gateway.port}/demo/mirror-2/score")
        copies = wait_for(lambda: receipts_of_copies({request_id}), 5, "the copy is booked")
        require([row[1:] for row in copies] == [("shadow", 200, "completed")], f"{copies}")
        require(request_id in logged(slow_logs["shadow"]), "the mirror has not seen it")

    @check("copies are in no usage report")
    def _():
        def sums():
            rows = gateway.created("usage", "show", "demo", "--by", "endpoint,deployment")["rows"]
            return {row["deployment"]: row["requests"] for row in rows if row["endpoint"] == "mirror-2"}
        found = wait_for(lambda: (sums().get("blue") == 1201) and sums(), 5, "usage is added up")
        require(found == {"blue": 1201}, f"{found}")

    @check("a fixed URL serves versions, and its default moves in one call")
    def _():
        parts = upstream_documents("versions", {
            "blue": (100, {**urls(running["blue"]), "model": "azureml:captions:1"}),
            "green": (0, {**urls(running["green"]), "model": "azureml:captions:2"})},
            versions={"query": "modelVersion", "header": "x-model-version", "default": "1"})
        gateway.apply(parts)
        versions_key = gateway.key("versions")

        def asked(query="", headers=None):
            response = gateway.request("POST", f"/demo/versions/score{query}", {},
                                       {"api-key": versions_key, **(headers or {})})
            return response.status, response.getheader("azureml-model-deployment"), response.content
        require(asked()[1] == "blue", "the default is not 1")
        require(asked("?modelVersion=2")[1] == "green", "the query is not read")
        require(asked(headers={"X-Model-Version": "2"})[1] == "green", "the header is not read")
        status, _, content = asked("?modelVersion=9")
        require(status == 404 and b"1, 2" in content, f"an unknown version gave {status}: {content}")
        moved = gateway.created("endpoints", "traffic", "demo/versions", "--default-version", "2")
        require(moved["defaultVersion"] == "2" and asked()[1] == "green", f"the default has not moved: {moved}")
        require(asked("?modelVersion=1")[1] == "blue", "version 1 is gone")

    @check("who was assigned stays, over weights and a restart, but for the share that must move")
    def _():
        users = [f"user-{number}" for number in range(300)]
        gateway.apply(upstream_documents("sticky", {
            "blue": (50, urls(running["blue"])), "green": (50, urls(running["green"]))},
            sticky={"by": "header", "name": "x-user"}))
        sticky_key = gateway.key("sticky")

        def assigned():
            connection = gateway.connection()
            found = {}
            for user in users:
                connection.request("POST", "/demo/sticky/score", "{}", {
                    "api-key": sticky_key, "content-type": "application/json", "x-user": user})
                response = connection.getresponse()
                response.read()
                found[user] = response.getheader("azureml-model-deployment")
            connection.close()
            return found
        first = assigned()
        require(assigned() == first, "a caller moved between two requests")
        gateway.command("endpoints", "traffic", "demo/sticky", "blue=70", "green=30")
        second = assigned()
        moved = [user for user in users if first[user] != second[user]]
        require(all(second[user] == "blue" for user in moved), "a caller left the deployment that gained weight")
        require(30 <= len(moved) <= 90, f"{len(moved)} of 300 moved, 60 had to")
        gateway.stop()
        gateway.start()
        require(assigned() == second, "a caller moved with the restart")
        return f"{len(moved)} of 300 moved"
check.finish()
