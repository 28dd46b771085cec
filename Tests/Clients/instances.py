"""Instances behind a running gateway: readiness that tells the truth, the queue, fallback to the embedded pool, logs."""
import json
import re
import threading
import time
import urllib.request

from harness import Checks, Gateway, Setting, require, upstream_documents, wait_for

check = Checks("instances")
LIVENESS = "liveness_probe: {initial_delay: 0, period: 1, timeout: 1, failure_threshold: 1}\n"
# Seconds that such a probe may need: a second until it asks, and what a busy machine adds.
EJECTED_WITHIN = 4


def shown(gateway, deployment):
    return gateway.created("deployments", "show", deployment)


def upstream(backend, **more):
    return {"urls": [f"http://127.0.0.1:{backend.port}"], **more}


def served_in_turn(gateway, backend, keys, heavy, light):
    """How many of the first 32 places are the heavy one's, of whom both have 24 waiting for one place: 24."""
    ask_backend(backend, "/close")
    sent, waiting = threading.Semaphore(0), []

    def call(name):
        connection = gateway.connection(120)
        connection.request("GET", f"/{name.partition('/')[0]}/shared/{name}", None, {"api-key": keys[name]})
        sent.release()
        answers.append(connection.getresponse().status)
        connection.close()

    answers = []
    for name in [light] + [heavy, light] * 24:
        thread = threading.Thread(target=call, args=[name])
        thread.start()
        waiting.append(thread)
        require(sent.acquire(timeout=30), "a request cannot be sent")
        if len(waiting) == 1:
            wait_for(lambda: ask_backend(backend, "/held")["held"] == 1, 5, "the only place is taken")
    # What was sent has to be read, too.
    time.sleep(2)
    require(ask_backend(backend, "/held")["held"] == 1, "two have the only place")
    ask_backend(backend, "/open")
    for thread in waiting:
        thread.join()
    require(answers == [200] * 49, f"{answers}")
    turns = ask_backend(backend, "/held")["paths"][1:33]
    count = sum(path.endswith(heavy) for path in turns)
    require(count == 24, f"{heavy} has {count} of 32 places: {turns}")
    return count


class Safe:
    """Two backends with a deployment of the embedded pool as fallback; `probed`: their liveness is asked every second."""

    def __init__(self, gateway, name, probed):
        self.gateway, self.name, self.probed = gateway, name, probed
        self.backends = [self.start(number) for number in range(2)]
        documents = upstream_documents(name, {
            "blue": (100, {"upstream": {"urls": [f"http://127.0.0.1:{backend.port}" for backend in self.backends]}}),
            "local": (0, {"native": {"engine": "llama"}, "model": "azureml:smollm2:1"}),
        }, fallback=["local"])
        gateway.apply(documents.replace("request_settings:", f"{LIVENESS if probed else ''}request_settings:", 1))
        self.key = gateway.key(name)

    def start(self, number, port=None):
        return self.gateway.backend("logging", "--log", self.gateway.directory / f"{self.name}-{number}.ids", "--name",
                                    f"blue-{number}", port=port)

    def call(self):
        body = {"model": self.name, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 3}
        response = self.gateway.request("POST", "/v1/chat/completions", body, {"api-key": self.key})
        require(response.status == 200, f"{response.status}: {response.content[:200]}")
        return response

    def fallback(self):
        return self.call().getheader("x-gatehouse-fallback")

    def outages(self):
        return [instance.get("outage") for instance in shown(self.gateway, f"demo/{self.name}/blue")["instances"]]

    def reasons_without(self):
        """Kills the backends and calls for 12 s, long enough for the longest pause; why each answer is another's."""
        for backend in self.backends:
            backend.kill()
            backend.wait()
        reasons, began = [], time.monotonic()
        while time.monotonic() < began + 12:
            response = self.call()
            require(response.getheader("azureml-model-deployment") == "local", "another answered")
            require(json.loads(response.content)["choices"][0]["message"]["content"], "no words")
            reasons.append((response.getheader("x-gatehouse-fallback"), time.monotonic() - began))
        words = {reason for reason, _ in reasons}
        require(words <= {"connect_failed", "no_healthy_instance"} and "no_healthy_instance" in words, f"{reasons[:20]}")
        (self.look_at_ejection if self.probed else self.look_at_circuits)(reasons)
        return [reason for reason, _ in reasons]

    def look_at_circuits(self, reasons):
        """Each instance is tried five times in vain; then open circuits send requests on at once, but for those that
        try: after 1 s, 2 s and 4 s."""
        words = [reason for reason, _ in reasons]
        opened = words.index("no_healthy_instance")
        tries = words[opened:].count("connect_failed")
        require(5 <= opened <= 10, f"the circuits opened after {opened} requests: {words[:20]}")
        require(2 <= tries <= 8 and tries < len(words[opened:]) / 2, f"{tries} of {len(words[opened:])} tried later")

    def look_at_ejection(self, reasons):
        """Whom its probe has taken out is tried by no request, however long that lasts."""
        tried = [at for reason, at in reasons if reason == "connect_failed" and at > EJECTED_WITHIN]
        require(not tried, f"{len(tried)} were tried later, after {tried[:5]} s")
        outages = self.outages()
        require(outages == ["its probe fails"] * 2, f"out are {outages}")
        count = self.gateway.log().count("instance failed its liveness probe")
        require(count == 2, f"{count} errors in the log")

    def back(self):
        """Starts the backends again; the seconds until one answers, when all of the next 50 must be theirs."""
        started = time.monotonic()
        for number, backend in enumerate(self.backends):
            self.start(number, backend.port)
        wait_for(lambda: self.fallback() is None, 10, "blue answers again")
        took = time.monotonic() - started
        require(took < 5, f"it took {took:.1f} s")
        later = [self.fallback() for _ in range(50)]
        require(later == [None] * 50, f"of the next 50 answers {[at for at in enumerate(later) if at[1]]} fell back")
        return took


def ask_backend(backend, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{backend.port}{path}", timeout=5) as response:
        return json.loads(response.read())


setting = Setting()
with Gateway(setting, "instances") as gateway:
    if setting.model:
        gateway.register_model()

    @check("a deployment is not ready before its readiness path says so, and not after it says otherwise")
    def _():
        backend = gateway.backend("switch")
        quick = "readiness_probe: {initial_delay: 0, period: 1, timeout: 1, failure_threshold: 1}\n"
        documents = upstream_documents("truth", {"blue": (100, {"upstream": upstream(backend, probe={
            "readiness": "/ready"})})})
        path = gateway.directory / "truth.yaml"
        path.write_text(documents.replace("request_settings:", quick + "request_settings:"))
        gateway.command("apply", "-f", path, "--no-wait")
        first = wait_for(lambda: (found := shown(gateway, "demo/truth/blue"))["instances"][0].get("lastProbe") and found,
                         5, "the first probe")
        require(first["isReady"] is False, f"{first['isReady']} while the path answers 503")
        require("GET /ready answered 503" in first["instances"][0]["lastProbe"], f"{first['instances']}")
        # It is tried all the same: nothing else could answer.
        key = gateway.key("truth")
        status = gateway.request("POST", "/demo/truth/score", {}, {"api-key": key}).status
        require(status == 200, f"a request gave {status}")
        ask_backend(backend, "/become/200")
        gateway.command("apply", "-f", path, timeout=30)
        require(shown(gateway, "demo/truth/blue")["isReady"], "apply came back before it was ready")
        ask_backend(backend, "/become/500")
        wait_for(lambda: not shown(gateway, "demo/truth/blue")["isReady"], 5, "readiness is gone")

    @check("what waits too long is 429 and names the setting; what waits long enough is answered")
    def _():
        backend = gateway.backend("gate")
        documents = upstream_documents("narrow", {"blue": (100, {"upstream": upstream(backend)})})
        gateway.apply(documents.replace("request_settings: {", "request_settings: {max_concurrent_requests_per_instance:"
                                        " 2, max_queue_wait_ms: 1500, "))
        key = gateway.key("narrow")
        answers = []
        def call():
            answers.append(gateway.request("POST", "/demo/narrow/score", {}, {"api-key": key}))
        held = [threading.Thread(target=call) for _ in range(2)]
        for thread in held:
            thread.start()
        wait_for(lambda: ask_backend(backend, "/held")["held"] == 2, 5, "two are held")
        started = time.monotonic()
        late = gateway.request("POST", "/demo/narrow/score", {}, {"api-key": key})
        waited = time.monotonic() - started
        require(late.status == 429 and late.getheader("retry-after"), f"{late.status}")
        require(b"max_queue_wait_ms = 1500" in late.content and b"blue" in late.content, f"{late.content}")
        require(1.4 < waited < 4, f"it waited {waited:.2f} s")
        waiting = threading.Thread(target=call)
        waiting.start()
        time.sleep(0.3)
        require(ask_backend(backend, "/held")["held"] == 2, "a third reached the backend")
        ask_backend(backend, "/open")
        for thread in held + [waiting]:
            thread.join()
        require([answer.status for answer in answers] == [200] * 3, f"{[answer.status for answer in answers]}")

    @check("two keys, and two tenants, of queue weight 3 and 1 are served 3:1 while both wait")
    def _():
        backend = gateway.backend("gate")
        for tenant in ["demo", "beta"]:
            documents = upstream_documents("shared", {"blue": (100, {"upstream": upstream(backend)})}, tenant=tenant)
            gateway.apply(documents.replace("request_settings: {", "request_settings: {"
                                            "max_concurrent_requests_per_instance: 1, max_queue_wait_ms: 60000, "))
        gateway.command("tenants", "update", "demo", "--queue-weight", "3")
        keys = {name: gateway.created("keys", "named", "create", name, *more)["key"]
                for name, more in [("demo/heavy", ["--queue-weight", "3"]), ("demo/light", []), ("beta/only", [])]}
        require(gateway.created("keys", "named", "show", "demo/heavy")["queueWeight"] == 3, "the key's weight")
        require(gateway.created("tenants", "show", "demo")["queueWeight"] == 3, "the tenant's weight")
        served = [served_in_turn(gateway, backend, keys, "demo/heavy", other) for other in ["demo/light", "beta/only"]]
        return f"heavy {served} of 32 each"

    @check("a deployment's log has its requests and its probes")
    def _():
        log = gateway.command("deployments", "logs", "demo/truth/blue", "--tail", "200")
        require("POST /demo/truth/score 200" in log, log[-300:])
        require("probe readiness of" in log and "GET /ready answered 503" in log, log[-300:])
        lines = gateway.created("deployments", "logs", "demo/truth/blue", "--tail", "2")["value"]
        require(len(lines) == 2 and all(line["time"] and line["line"] for line in lines), f"{lines}")

    for name, probed in [("safe", False), ("watched", True)] if setting.model else []:
        @check(f"all backends stopped for 12 s{', and ejected by their probes' if probed else ''}: the embedded pool"
               " answers and says why; back: traffic returns within 5 s and stays")
        def _():
            safe = Safe(gateway, name, probed)
            first = [json.loads(safe.call().content)["answered_by"] for _ in range(20)]
            require(set(first) == {"blue-0", "blue-1"}, f"{set(first)} answer")
            reasons = safe.reasons_without()
            took = safe.back()
            if probed:
                wait_for(lambda: safe.outages() == [None, None], 5, "both are in again")
            worker = gateway.command("deployments", "logs", f"demo/{name}/local", "--tail", 1000).splitlines()
            require(all(re.match(r"\d{4}-\d\d-\d\dT[\d:.]{12}Z \[0\] \S", line) for line in worker), f"{worker[-3:]}")
            require(any(re.search(r"\bready\b.*smollm2", line) for line in worker), f"it was never ready: {worker[-3:]}")
            return f"{len(reasons)} answers meanwhile, {reasons.count('connect_failed')} of them tried; back after {took:.1f} s"

    if setting.model:
        @check("while a backend is cold, as its readiness says, the embedded pool answers; then the backend does")
        def _():
            backend = gateway.backend("switch")
            quick = "readiness_probe: {initial_delay: 0, period: 1, timeout: 1, failure_threshold: 1}\n"
            documents = upstream_documents("cold", {
                "blue": (100, {"upstream": upstream(backend, probe={"readiness": "/ready"})}),
                "local": (0, {"native": {"engine": "llama"}, "model": "azureml:smollm2:1"}),
            }, fallback=["local"])
            path = gateway.directory / "cold.yaml"
            path.write_text(documents.replace("request_settings:", quick + "request_settings:", 1))
            gateway.command("apply", "-f", path, "--no-wait")
            wait_for(lambda: shown(gateway, "demo/cold/blue")["instances"][0].get("lastProbe"), 5, "the first probe")
            key = gateway.key("cold")

            def ask():
                body = {"model": "cold", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 3}
                return gateway.request("POST", "/v1/chat/completions", body, {"api-key": key}, timeout=60)

            cold = [ask() for _ in range(5)]
            said = [(answer.status, answer.getheader("x-gatehouse-fallback")) for answer in cold]
            require(said == [(200, "no_healthy_instance")] * 5, f"{said}")
            require(all(json.loads(answer.content)["choices"][0]["message"]["content"] for answer in cold), "no words")
            ask_backend(backend, "/become/200")
            wait_for(lambda: shown(gateway, "demo/cold/blue")["isReady"], 5, "the backend is ready")
            warm = [(answer.status, answer.getheader("x-gatehouse-fallback")) for answer in [ask() for _ in range(5)]]
            require(warm == [(200, None)] * 5, f"{warm}")

        @check("the embedded pool takes what a full backend leaves, and keeps room for its own requests meanwhile")
        def _():
            backend = gateway.backend("gate")
            gateway.apply(upstream_documents("over", {
                "blue": (99, {"upstream": upstream(backend), "max_concurrent_requests_per_instance": 1,
                              "max_queue_wait_ms": 50}),
                "local": (1, {"native": {"engine": "llama", "slots": 4}, "model": "azureml:smollm2:1",
                              "max_queue_wait_ms": 60000}),
            }, fallback=["local"]))
            key, done = gateway.key("over"), []

            def ask(text, tokens, **headers):
                body = {"model": "over", "messages": [{"role": "user", "content": text}], "max_tokens": tokens}
                return gateway.request("POST", "/v1/chat/completions", body, {"api-key": key, **headers}, timeout=180)

            def guest(number):
                response = ask(f"Tell me a very long story about the number {number}.", 150)
                done.append((response.status, response.getheader("x-gatehouse-fallback")))

            ask_backend(backend, "/close")
            guests = [threading.Thread(target=guest, args=[number]) for number in range(9)]
            for each in guests:
                each.start()
            local = lambda: shown(gateway, "demo/over/local")["instances"][0]["inFlight"]
            wait_for(lambda: local() == 3, 20, "three of the four slots are taken")
            own = ask("Hi.", 1, **{"azureml-model-deployment": "local"})
            finished = len(done)
            require(own.status == 200 and not own.getheader("x-gatehouse-fallback"), f"own: {own.status}")
            # Eight are there, three at a time: it had to wait for none of them.
            require(finished < 3, f"its own request was answered after {finished} of the guests")
            require(local() == 3, f"{local()} guests have a slot")
            ask_backend(backend, "/open")
            for each in guests:
                each.join()
            require(sorted(done, key=str) == sorted([(200, None)] + [(200, "queue_full")] * 8, key=str), f"{done}")
            return f"8 guests, {finished} of them done before its own"
check.finish()
