"""The gateways under measurement: how each is configured, started, shown to work, and billed for its CPU time."""
import collections
import http.client
import json
import os
import pathlib
import random
import re
import secrets
import signal
import socket
import ssl
import subprocess
import time
import urllib.request

HERE = pathlib.Path(__file__).parent
TICK = os.sysconf("SC_CLK_TCK")
PATH = "/demo/bench/score"
BODY = '{"messages":[{"role":"user","content":"What is the capital of France?"}],"max_tokens":16,"temperature":0}'
ANSWER = '{"object":"chat.completion","choices":[{"message":{"content":"Paris."}}]}'
# The size of a short chat answer.
ANSWER_BYTES = 300
CAPTURES = re.compile(r'^gatehouse_captures_total\{result="(\w+)"\} (\d+)', re.MULTILINE)
WORDS = ["a ", "river ", "runs ", "through ", "the ", "old ", "town, ", "and ", "people ", "cross ", "its ", "bridges ", "twice ",
         "day; ", "in ", "winter ", "some ", "of ", "them ", "walk "]


def grown(text, size):
    """A JSON text whose `content` is filled with words until it has this many bytes; unchanged where it has more."""
    chance, words = random.Random(1), []
    while len(text) + sum(map(len, words)) < size:
        words.append(chance.choice(WORDS))
    filling = "".join(words)[:max(0, size - len(text))]
    return text.replace('"content":"', f'"content":"{filling}', 1)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def render(template, target, values):
    text = (HERE / template).read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    target.write_text(text)
    return target


def process_tree(root):
    """The process and its descendants, as far as they live."""
    children = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    tree, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        tree.append(pid)
        waiting += children.get(pid, [])
    return tree


def thread_ticks(pid, prefix):
    """User and system clock ticks of those threads of one process whose names begin so."""
    ticks = 0
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            name, _, fields = (thread / "stat").read_text().partition("(")[2].rpartition(")")
        except OSError:
            continue
        if name.startswith(prefix):
            ticks += sum(map(int, fields.split()[11:13]))
    return ticks


def loop_ticks(pid):
    """The same of its event loops."""
    return thread_ticks(pid, "NIO-ELT-")


def cpu_ticks(root):
    """User and system clock ticks of a process tree, including children that it has already buried."""
    user = system = 0
    for pid in process_tree(root):
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        user += int(fields[11]) + int(fields[13])
        system += int(fields[12]) + int(fields[14])
    return user, system


class Peer:
    """One gateway process with its port, its key and the configuration it was started with."""

    def __init__(self, name, bench):
        self.name, self.bench = name, bench
        self.port, self.admin = free_port(), free_port()
        self.key = secrets.token_hex(32)
        self.process = None
        self.configuration = []

    def start(self):
        values = dict(self.bench.values, PORT=self.port, ADMIN=self.admin, KEY=self.key)
        command = getattr(self, self.name.replace("-", "_"))(values)
        log = open(self.bench.directory / f"{self.name}.log", "wb")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        self.wait_until_it_answers()
        if self.name.startswith("gatehouse"):
            self.apply_endpoint(values)

    def nginx(self, values):
        self.configuration = [render("nginx.conf", self.bench.directory / "nginx.conf", values)]
        return ["nginx", "-e", str(self.bench.directory / "nginx.error.log"), "-c", str(self.configuration[0])]

    def haproxy(self, values):
        combined = self.bench.directory / "combined.pem"
        combined.write_text(
            pathlib.Path(values["CERTIFICATE"]).read_text() + pathlib.Path(values["CERTIFICATE_KEY"]).read_text())
        combined.chmod(0o600)
        values = dict(values, COMBINED=combined)
        self.configuration = [render("haproxy.cfg", self.bench.directory / "haproxy.cfg", values)]
        return ["haproxy", "-db", "-f", str(self.configuration[0])]

    def envoy(self, values):
        self.configuration = [render("envoy.yaml", self.bench.directory / "envoy.yaml", values)]
        return [self.bench.envoy, "-c", str(self.configuration[0]), "--concurrency", "1", "--use-dynamic-base-id",
                "-l", "warning"]

    def gatehouse_limits(self, values):
        """The same program, with limits and a quota to keep."""
        return self.gatehouse(values)

    def gatehouse_before(self, values):
        """An earlier program at the same work."""
        return self.gatehouse(values)

    def gatehouse_captures(self, values):
        """The same program, which captures every exchange whole."""
        return self.gatehouse(values)

    @property
    def program(self):
        return self.bench.before if self.name == "gatehouse-before" else self.bench.gatehouse

    @property
    def work(self):
        return self.name if self.name in ("gatehouse-limits", "gatehouse-captures") else "gatehouse"

    def gatehouse(self, values):
        directory = self.bench.directory / f"{self.name}.store"
        directory.mkdir()
        values = dict(values, DIR=directory)
        self.configuration = [
            render("gatehouse.yaml", directory / "gatehouse.yaml", values),
            render(f"{self.work}-endpoint.yaml", directory / "endpoint.yaml", values),
        ]
        return [self.program, "serve", "--config", str(self.configuration[0])]

    def command(self, *arguments):
        """A command of Gatehouse's own CLI; its standard output."""
        return subprocess.run(
            [self.program, *arguments, "--config", str(self.configuration[0])], check=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True).stdout

    def apply_endpoint(self, values):
        self.command("apply", "-f", str(self.configuration[1]))
        self.key = json.loads(self.command("keys", "list", "demo/bench", "--output", "json"))["primaryKey"]

    def captures(self):
        """What the gateway says of its captures: how many were stored, and how many dropped."""
        token = (self.bench.directory / f"{self.name}.store" / "operator.token").read_text().strip()
        request = urllib.request.Request(f"https://localhost:{self.admin}/metrics", headers={"authorization": f"Bearer {token}"})
        trust = ssl.create_default_context(cafile=self.bench.authority)
        with urllib.request.urlopen(request, timeout=30, context=trust) as response:
            return collections.Counter({name: int(count) for name, count in CAPTURES.findall(response.read().decode())})

    def settled_captures(self, due):
        """The same once all of the captures that are due are stored or dropped."""
        deadline = time.monotonic() + 60
        while (counts := self.captures()).total() < due and time.monotonic() < deadline:
            time.sleep(0.2)
        return counts

    def wait_until_it_answers(self):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                self.request(self.connection(), {"api-key": "wrong"})
                if self.name.startswith("gatehouse"):
                    socket.create_connection(("127.0.0.1", self.admin)).close()
                return
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
        log = (self.bench.directory / f"{self.name}.log").read_text(errors="replace")
        raise SystemExit(f"{self.name} did not start:\n{log[-2000:]}")

    def connection(self):
        context = ssl.create_default_context(cafile=self.bench.authority)
        return http.client.HTTPSConnection("localhost", self.port, timeout=10, context=context)

    def request(self, connection, headers):
        connection.request("POST", PATH, self.bench.body, {"content-type": "application/json", **headers})
        response = connection.getresponse()
        return response.status, response.getheader("x-bench-deployment"), response.read()

    def show(self):
        """Fails unless both key headers open the endpoint, wrong keys do not, and 1,000 requests split 90/10."""
        connection = self.connection()
        for headers, due in [
            ({"api-key": self.key}, 200), ({"Authorization": f"Bearer {self.key}"}, 200),
            ({"api-key": "wrong"}, 401), ({"Authorization": "Bearer wrong"}, 401), ({}, 401),
        ]:
            status, _, body = self.request(self.connection(), headers)
            if status != due or (due == 200 and body != self.bench.answer.encode()):
                raise SystemExit(f"{self.name}: {list(headers) or 'no key'} gave {status}, not {due}: {body[:200]}")
        counts = {"blue": 0, "green": 0}
        for _ in range(1000):
            status, deployment, _ = self.request(connection, {"api-key": self.key})
            if status != 200:
                raise SystemExit(f"{self.name}: {status} in the middle of 1,000 requests")
            counts[deployment] += 1
        # Envoy draws lots, so its count has a deviation of 9.5; the others count.
        if not 855 <= counts["blue"] <= 945:
            raise SystemExit(f"{self.name}: split {counts}, not 90/10")
        return counts

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
