"""Status tells the truth: at the instant of Succeeded every event loop serves what was created or updated."""
import json
import time

from harness import Checks, Failure, Gateway, Setting, require, to, upstream_documents

check = Checks("truth")
setting = Setting()
LOOPS = 4
TURNS = 200 if setting.is_long else 40
AZURE_TURNS = 40 if setting.is_long else 8
# A status that is not over by then, or a deployment that is not gone.
SECONDS = 10
SCOPE = ("/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers"
         "/Microsoft.MachineLearningServices/workspaces/demo")
VERSION = "?api-version=2024-04-01"


class Loops:
    """One kept connection to each event loop of the gateway.

    NIO's server hands accepted connections to its loops in turn (`group.next()`), so as many in a row as there are
    loops reach each; twice as many are opened, and what reached which loop is seen, not believed: a loop keeps its own
    connections to a backend and takes the last one again, so requests one after another come to the backend from as
    many ports as there are loops, and from one port by the same loop.
    """

    def __init__(self, gateway, headers):
        self.headers = {**headers, "content-type": "application/json"}
        opened = [gateway.connection() for _ in range(2 * LOOPS)]
        for connection in opened:
            connection.connect()
            # One that closes must not be opened again in silence, on another loop.
            connection.auto_open = 0
        self.ask_alone(opened)
        ports = self.ask_alone(opened)
        again = self.ask_alone(opened)
        require(ports == again, f"the ports of one loop change: {ports}, {again}")
        by_port = dict(zip(ports, opened))
        require(len(by_port) == LOOPS, f"{len(opened)} connections reach {len(by_port)} of {LOOPS} loops: {ports}")
        self.connections = list(by_port.values())
        for connection in set(opened) - set(self.connections):
            connection.close()

    def ask_alone(self, connections):
        """The ports from which the backend is asked, one request after another."""
        return [self.ask([connection])[0]["peer"] for connection in connections]

    def ask(self, connections=None, **headers):
        """Sends one request on each connection, all before the first answer; the backends' answers."""
        connections = connections or self.connections
        for connection in connections:
            connection.request("POST", "/demo/chat/echo", "{}", {**self.headers, **headers})
        answers = []
        for connection in connections:
            response = connection.getresponse()
            content = response.read()
            require(response.status == 200, f"a request gave {response.status}: {content[:200]}")
            answers.append(json.loads(content))
        return answers

    def close(self):
        for connection in self.connections:
            connection.close()


class Admin:
    """The admin API on one kept connection: a status is asked for again without a pause."""

    def __init__(self, gateway):
        self.connection = gateway.connection(port=gateway.admin)
        token = (gateway.directory / "operator.token").read_text().strip()
        self.headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}

    def call(self, method, path, body=None, allowed=(200,)):
        self.connection.request(method, path, json.dumps(body) if body is not None else None, self.headers)
        response = self.connection.getresponse()
        content = response.read()
        require(response.status in allowed, f"{method} {path} gave {response.status}: {content[:300]}")
        return response, json.loads(content) if content else None

    def wait(self, question, what):
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            if question():
                return
        raise Failure(f"not within {SECONDS} s: {what}")

    def is_gone(self, path):
        return self.call("GET", path, allowed=(200, 404))[0].status == 404

    def delete(self, path):
        self.call("DELETE", path, allowed=(200, 202, 204))
        self.wait(lambda: self.is_gone(path), f"{path} is gone")


class Own(Admin):
    """Changes deployments by our own API."""

    def path(self, name):
        return f"/api/v1/tenants/demo/endpoints/chat/deployments/{name}"

    def put(self, name, port, is_new):
        """Returns at the instant of Succeeded."""
        body = {"upstream": {"urls": [f"http://127.0.0.1:{port}"]}}
        response, _ = self.call("PUT", self.path(name), body, allowed=(201 if is_new else 200,))
        location = response.getheader("operation-location")
        self.wait(lambda: self.call("GET", location)[1]["status"] == "Succeeded", f"{name} is Succeeded")


class Azure(Admin):
    """The same in Azure's words; in turn its operation and the resource's own state are asked."""

    turn = 0

    def path(self, name):
        return f"{SCOPE}/onlineEndpoints/chat/deployments/{name}{VERSION}"

    def put(self, name, port, is_new):
        body = {"location": "local", "properties": {"endpointComputeType": "Managed", "environmentVariables": {
            "GATEHOUSE_UPSTREAM_URLS": f"http://127.0.0.1:{port}"}}}
        response, made = self.call("PUT", self.path(name), body, allowed=(201 if is_new else 200,))
        status = "/" + response.getheader("Azure-AsyncOperation").split("/", 3)[3]
        self.turn += 1
        # Of four turns, which create and update by turns, two ask the one and two the other.
        if self.turn % 4 < 2:
            return self.wait(lambda: self.call("GET", status)[1]["status"] == "Succeeded", f"{name} is Succeeded")
        self.wait(lambda: self.call("GET", self.path(name))[1]["properties"]["provisioningState"] == "Succeeded",
                  f"{name} is Succeeded")


def turn(index, admin, loops, ports):
    """Even turns update a deployment, odd ones create one whose name had another backend before."""
    port = ports[index // 2 % 2]
    is_new = index % 2 == 1
    name = "fresh" if is_new else "only"
    admin.put(name, port, is_new)
    answers = loops.ask(**({"azureml-model-deployment": name} if is_new else {}))
    hosts = [answer["headers"]["host"] for answer in answers]
    require(hosts == [f"127.0.0.1:{port}"] * LOOPS, f"turn {index}: {name} is at {port}, and {hosts} answered")
    if is_new:
        admin.delete(admin.path(name))


with Gateway(setting, "truth", threads=LOOPS) as gateway:
    ports = [gateway.backend("echo").port, gateway.backend("echo").port]
    # What the first turn changes leads elsewhere.
    gateway.apply(upstream_documents("chat", to(gateway.backend("echo"))))
    credentials = {"api-key": gateway.key("chat")}
    for count, dialect, words in [(TURNS, Own, "our own API's status"), (AZURE_TURNS, Azure, "Azure's status")]:
        @check(f"at the instant of Succeeded in {words}, after create and update by turns, every event loop answers and"
               f" none by the old configuration, {count} times")
        def _():
            loops, admin = Loops(gateway, credentials), dialect(gateway)
            for index in range(count):
                turn(index, admin, loops, ports)
            loops.close()
            admin.connection.close()
            return f"{count * LOOPS} requests on {LOOPS} loops"
check.finish()
