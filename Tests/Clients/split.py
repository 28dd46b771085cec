"""A 90/10 split over two real HTTP backends that log request ids, one of them killed under load."""
import http.client
import threading

from harness import Checks, Gateway, Setting, new_id, require, upstream_documents

check = Checks("split")
CONNECTIONS = 16


class Load:
    """Clients with a connection each; `answered` and `failed` hold request ids."""

    def __init__(self, gateway, key, total):
        self.gateway, self.key, self.left = gateway, key, total
        self.answered, self.failed, self.served = [], [], []
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.work) for _ in range(CONNECTIONS)]
        for thread in self.threads:
            thread.start()

    def take(self):
        with self.lock:
            self.left -= 1
            return self.left >= 0

    def work(self):
        connection = self.gateway.connection()
        while self.take():
            request_id = new_id()
            try:
                connection.request("POST", "/demo/split/score", '{"inputs":"x"}', {
                    "api-key": self.key, "content-type": "application/json", "x-request-id": request_id})
                response = connection.getresponse()
                response.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                self.failed.append(request_id)
                continue
            (self.answered if response.status == 200 else self.failed).append(request_id)
            self.served.append(response.getheader("azureml-model-deployment"))
        connection.close()

    def join(self):
        for thread in self.threads:
            thread.join()


def logged(path):
    return path.read_text().split() if path.exists() else []


setting = Setting()
with Gateway(setting, "split") as gateway:
    logs = {name: gateway.directory / f"{name}.ids" for name in ["blue", "green"]}
    running = {name: gateway.backend("logging", "--log", logs[name], "--name", name, "--delay", "0.005")
               for name in logs}
    gateway.apply(upstream_documents("split", {
        name: (weight, {"upstream": {"urls": [f"http://127.0.0.1:{running[name].port}"]}})
        for name, weight in [("blue", 90), ("green", 10)]}))
    key = gateway.key("split")

    @check("of 2,000 requests each share is within 1 %")
    def _():
        load = Load(gateway, key, 2000)
        load.join()
        require(not load.failed, f"{len(load.failed)} failed")
        counts = {name: len(logged(log)) for name, log in logs.items()}
        require(abs(counts["blue"] - 1800) <= 20 and sum(counts.values()) == 2000, f"{counts}")
        require(load.served.count("blue") == counts["blue"], "azureml-model-deployment does not say who answered")
        return f"{counts}"

    @check("a pinned request goes to its deployment, whatever the weights")
    def _():
        def pinned(name):
            headers = {"api-key": key, "azureml-model-deployment": name}
            return gateway.request("POST", "/demo/split/score", {}, headers)
        for name in logs:
            response = pinned(name)
            require(response.getheader("azureml-model-deployment") == name, f"{response.status}")
            require(name.encode() in response.content, f"{response.content[:100]}")
        unknown = pinned("none").status
        require(unknown == 404, f"an unknown one gave {unknown}")

    @check("with one backend killed under load, successes are what the logs say, none twice")
    def _():
        before = {name: len(logged(log)) for name, log in logs.items()}
        load = Load(gateway, key, 4000)
        while load.left > 2500:
            threading.Event().wait(0.01)
        running["green"].kill()
        running["green"].wait()
        load.join()
        ids = [entry for name, log in logs.items() for entry in logged(log)[before[name]:]]
        require(len(ids) == len(set(ids)), f"{len(ids) - len(set(ids))} requests ran twice")
        missing, extra = set(load.answered) - set(ids), set(ids) - set(load.answered)
        require(not missing, f"{len(missing)} successes are in no log")
        # A backend logs an id just before it answers: what it logged and could not send was open at the kill.
        require(extra <= set(load.failed), f"{len(extra - set(load.failed))} logged requests got no answer at all")
        require(len(load.failed) <= CONNECTIONS, f"{len(load.failed)} failed, at most {CONNECTIONS} were open")
        require(len(load.answered) + len(load.failed) == 4000, "requests are unaccounted for")
        return f"{len(load.answered)} answered, {len(load.failed)} open at the kill"
check.finish()
