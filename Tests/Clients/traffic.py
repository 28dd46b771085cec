"""Traffic under load: weights that change, deployments that come and go, mirrors that fail, versions and stickiness."""
import contextlib
import http.client
import random
import sqlite3
import statistics
import threading
import time

from harness import Checks, Gateway, Setting, free_port, new_id, require, run, upstream_documents, wait_for

check = Checks("traffic")
CONNECTIONS = 8
RATE = 300


class Answer:
    """One request as its client saw it; `deployment` is `None` when it was lost."""

    def __init__(self, request_id, pinned, began):
        self.id, self.pinned, self.began = request_id, pinned, began
        self.status = self.deployment = self.content = None
        self.ended = None


class Load:
    """Paced clients with a connection each, until stopped; every tenth request pins `green` where `pins` says so."""

    def __init__(self, gateway, endpoint, key, rate=RATE, total=None, pins=False, headers=None):
        self.gateway, self.endpoint, self.key, self.pins = gateway, endpoint, key, pins
        self.headers = headers or {}
        self.pause, self.left, self.answers = CONNECTIONS / rate, total, []
        self.lock, self.over = threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self.work, args=[number]) for number in range(CONNECTIONS)]
        for thread in self.threads:
            thread.start()

    def take(self):
        if self.left is None:
            return not self.over.is_set()
        with self.lock:
            self.left -= 1
            return self.left >= 0

    def work(self, number):
        connection = self.gateway.connection()
        due = time.monotonic() + self.pause * number / CONNECTIONS
        count = 0
        while self.take():
            time.sleep(max(0, due - time.monotonic()))
            due += self.pause
            count += 1
            answer = Answer(new_id(), "green" if self.pins and count % 10 == 0 else None, time.monotonic())
            headers = {"api-key": self.key, "content-type": "application/json", "x-request-id": answer.id,
                       **self.headers}
            if answer.pinned:
                headers["azureml-model-deployment"] = answer.pinned
            try:
                connection.request("POST", f"/demo/{self.endpoint}/score", '{"inputs":"x"}', headers)
                response = connection.getresponse()
                answer.content = response.read()
                answer.status, answer.deployment = response.status, response.getheader("azureml-model-deployment")
            except (OSError, http.client.HTTPException):
                connection.close()
            answer.ended = time.monotonic()
            with self.lock:
                self.answers.append(answer)
        connection.close()

    def stop(self):
        self.over.set()
        return self.join()

    def join(self):
        for thread in self.threads:
            thread.join()
        return self.answers


def logged(path):
    return path.read_text().split() if path.exists() else []


def backends(gateway, *names, delay=0.002):
    """Logging backends, and the files of the ids that they answered."""
    logs = {name: gateway.directory / f"{name}-{new_id()[-6:]}.ids" for name in names}
    running = {name: gateway.backend("logging", "--log", logs[name], "--name", name, "--delay", delay)
               for name in names}
    return running, logs


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


setting = Setting()
with Gateway(setting, "traffic") as gateway:
    running, logs = backends(gateway, "blue", "green", "visitor")
    gateway.apply(upstream_documents("split", {
        "blue": (90, urls(running["blue"])), "green": (10, urls(running["green"]))}))
    key = gateway.key("split")

    @check("200 weight changes and 50 deployments made and deleted lose, double and misroute no request")
    def _():
        timeline = Timeline(gateway, "split", ["blue", "green"])
        load = Load(gateway, "split", key, pins=True)
        chance = random.Random(4)
        visitor = {"upstream": {"urls": [f"http://127.0.0.1:{running['visitor'].port}"]},
                   "requestSettings": {"requestTimeoutMs": 60000}}
        for turn in range(50):
            name = f"visitor-{turn}"
            gateway.manage("PUT", f"demo/endpoints/split/deployments/{name}", visitor)
            blue = chance.choice([0, 10, 50, 90])
            timeline.set({"blue": blue // 2, "green": 60 - blue // 2, name: 40})
            time.sleep(0.03)
            timeline.set({"blue": 100 - blue, "green": blue})
            timeline.set({"blue": 100})
            gateway.manage("DELETE", f"demo/endpoints/split/deployments/{name}")
            timeline.set({"green": 100})
        answers = load.stop()
        lost = [answer for answer in answers if answer.status != 200]
        require(not lost, f"{len(lost)} of {len(answers)} lost, first {lost and (lost[0].status, lost[0].content)}")
        places = {}
        for name, log in logs.items():
            for identifier in logged(log):
                require(identifier not in places, f"{identifier} ran twice")
                places[identifier] = name
        require(set(places) == {answer.id for answer in answers}, "the logs hold other requests than the clients")
        for answer in answers:
            where = "visitor" if answer.deployment.startswith("visitor") else answer.deployment
            require(places[answer.id] == where, f"{answer.deployment} is said to have answered, {places[answer.id]} did")
            if answer.pinned:
                require(answer.deployment == answer.pinned, f"pinned {answer.pinned}, got {answer.deployment}")
            else:
                allowed = timeline.allowed(answer.began, answer.ended)
                require(answer.deployment in allowed, f"{answer.deployment} answered while {sorted(allowed)} had weight")
        require(len(timeline.changes) == 201, f"{len(timeline.changes) - 1} changes")
        counts = {name: len(logged(log)) for name, log in logs.items()}
        require(all(counts.values()), f"somebody had nothing to do: {counts}")
        return f"{len(answers)} requests, {counts}"

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
