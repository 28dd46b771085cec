"""What the client programs share: a gateway of their own, backends, checks that print one line each."""
import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
import traceback
import uuid

HERE = pathlib.Path(__file__).parent
# A program's exit code when it ran to its end and checks failed; anything else but 0 is a crash.
CHECKS_FAILED = 3
# Connections that may wait at a socket that is held.
QUEUE = 4096


class Failure(Exception):
    """A check that did not hold; its text is what the reader of the last lines gets."""


def require(condition, text):
    if not condition:
        raise Failure(text)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(question, seconds, what):
    """Asks until the answer is true, at most `seconds` long; returns the answer."""
    deadline = time.monotonic() + seconds
    last = None
    while time.monotonic() < deadline:
        try:
            if answer := question():
                return answer
        except (OSError, http.client.HTTPException, Failure) as problem:
            last = problem
        time.sleep(0.05)
    raise Failure(f"not within {seconds} s: {what}" + (f" ({last})" if last else ""))


def run(*command, **options):
    """A program's standard output; fails with its last words when it exits non-zero."""
    options = {"stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE, "timeout": 120, **options}
    result = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, **options)
    words = f"{result.stdout}{result.stderr or ''}"[-600:].strip()
    require(result.returncode == 0, f"{command[0]} exited {result.returncode}: {words}")
    return result.stdout


class Setting:
    """Where the programs under test and the scratch folder are; handed from the runner by environment."""

    def __init__(self):
        self.gatehouse = os.environ["CLIENTS_GATEHOUSE"]
        self.worker = os.environ.get("CLIENTS_WORKER", "")
        self.model = os.environ.get("CLIENTS_MODEL", "")
        # Of other kinds: MiniLM and a Flan-T5.
        self.embedding_model = os.environ.get("CLIENTS_EMBEDDING_MODEL", "")
        self.t5_model = os.environ.get("CLIENTS_T5_MODEL", "")
        # The long forms of scripts/soak.
        self.is_long = os.environ.get("CLIENTS_LONG") == "1"
        self.directory = pathlib.Path(os.environ["CLIENTS_DIRECTORY"])


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket, as the gateway speaks to its workers; connected when it is made."""

    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        try:
            self.sock.connect(path)
        except OSError:
            self.sock.close()
            raise


# Becomes the program of its arguments, with a socket at the place that sd_listen_fds(3) names.
LAUNCHER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.execve(sys.argv[2], sys.argv[2:], dict(os.environ, LISTEN_FDS="1", LISTEN_PID=str(os.getpid())))
"""


class Gateway:
    """One `gatehouse serve` with its own certificates, store and free ports.

    `hosts` are further names of its certificate, `listen` further settings of that section, `more` further sections,
    `environment` further variables of the program, `output` a file for its standard output alone. `holds_socket`: this
    process keeps the listening socket and hands it to each gateway that it starts, as systemd does. `arguments` are further
    ones of `serve`.
    """

    def __init__(self, setting, name, threads=1, hosts=(), listen=None, more="", environment=None, output=None,
                 holds_socket=False, arguments=()):
        self.setting, self.threads, self.environment = setting, threads, environment or {}
        self.output, self.arguments = output or "gatehouse.log", arguments
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=QUEUE) if holds_socket else None
        self.directory = setting.directory / name
        self.directory.mkdir(parents=True)
        self.port, self.admin = self.socket.getsockname()[1] if holds_socket else free_port(), free_port()
        self.configuration = self.directory / "gatehouse.yaml"
        self.store = self.directory / "gatehouse.db"
        self.receipts = self.directory / "receipts.db"
        self.authority = self.directory / "certs" / "ca.pem"
        self.process = None
        self.backends = []
        self.configuration.write_text(
            f"listen:\n  gateway: 127.0.0.1:{self.port}\n  admin: 127.0.0.1:{self.admin}\n"
            + "".join(f"  {key}: {json.dumps(value)}\n" for key, value in (listen or {}).items()) +
            f"tls:\n  certificates:\n    - certificate: {self.directory}/certs/server.pem\n"
            f"      key: {self.directory}/certs/server.key\n"
            f"threads: {threads}\nstore: {self.store}\nmodels: {self.directory}/models\n"
            f"workers:\n  runtime: {self.directory}/run\n{more}")
        names = [part for name in ["localhost", "127.0.0.1", *hosts] for part in ["--name", name]]
        run(setting.gatehouse, "certs", "init", "--directory", self.directory / "certs", *names)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        if self.socket:
            self.socket.close()
        for backend in self.backends:
            if backend.poll() is None:
                backend.kill()
            backend.wait()

    def start(self):
        log = open(self.directory / "gatehouse.log", "ab")
        held = [self.socket.fileno()] if self.socket else []
        launcher = [sys.executable, "-c", LAUNCHER, str(held[0])] if held else []
        self.process = subprocess.Popen(
            [*launcher, self.setting.gatehouse, "serve", "--config", str(self.configuration), *map(str, self.arguments)],
            stdin=subprocess.DEVNULL, stdout=open(self.directory / self.output, "ab"), stderr=log,
            env=dict(os.environ, **self.environment), pass_fds=held)
        try:
            wait_for(lambda: self.process.poll() is not None or self.is_up(), 30, "both listeners answer /healthz")
        finally:
            if self.process.poll() is not None:
                raise Failure(f"gatehouse serve exited {self.process.returncode}: {self.log()[-800:]}")

    def is_up(self):
        """The listeners open side by side, in any order."""
        admin = self.connection(port=self.admin)
        try:
            admin.request("GET", "/healthz")
            return admin.getresponse().status == 200 and self.request("GET", "/healthz").status == 200
        finally:
            admin.close()

    def stop(self):
        """Ends the gateway at once: a second signal cuts the drain short. Returns its exit code."""
        if self.process is None or self.process.poll() is not None:
            return self.process and self.process.returncode
        for _ in range(2):
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self.process.wait(1)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(10)
        self.process.kill()
        return self.process.wait()

    def kill(self):
        """Ends the gateway as a power cut would."""
        self.process.kill()
        self.process.wait()

    def log(self):
        return (self.directory / "gatehouse.log").read_text(errors="replace")

    def backend(self, kind, *arguments, port=None):
        """Starts a backend of backends.py, on the port of one that is gone where it is named."""
        port = port or free_port()
        process = subprocess.Popen(
            [sys.executable, str(HERE / "backends.py"), kind, "--port", str(port), *map(str, arguments)],
            stdin=subprocess.DEVNULL)
        process.port = port
        self.backends.append(process)
        wait_for(lambda: socket.create_connection(("127.0.0.1", port), 1).close() or True, 15,
                 f"backend {kind} listens")
        return process

    def command(self, *arguments, **options):
        return run(self.setting.gatehouse, *arguments, "--config", self.configuration, **options)

    def created(self, *arguments):
        """What a command prints as JSON."""
        return json.loads(self.command(*arguments, "--output", "json"))

    def manage(self, method, path, body=None, timeout=30):
        """One call of the admin API as its operator: faster than a command. The answer's JSON."""
        connection = self.connection(timeout, port=self.admin)
        try:
            token = (self.directory / "operator.token").read_text().strip()
            connection.request(method, f"/api/v1/tenants/{path}", json.dumps(body) if body is not None else None,
                               {"authorization": f"Bearer {token}", "content-type": "application/json"})
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        require(response.status < 300, f"{method} {path} gave {response.status}: {content[:300]}")
        return json.loads(content) if content else None

    def apply(self, documents, waits=True):
        """Applies documents given as text and returns once every event loop serves them.

        `waits`: not before every deployment is ready, which one without a backend never is.
        """
        path = self.directory / f"apply-{uuid.uuid4().hex[:8]}.yaml"
        path.write_text(documents)
        self.command("apply", "-f", path, "--tenant", "demo", *([] if waits else ["--no-wait"]), timeout=180)

    def register_model(self, name="smollm2", version=1):
        require(self.setting.model, "no model file was given (--model)")
        self.command("tenants", "create", "demo")
        self.command("models", "register", f"demo/{name}", "--version", version, "--path", self.setting.model)

    def key(self, endpoint):
        return json.loads(self.command("keys", "list", f"demo/{endpoint}", "--output", "json"))["primaryKey"]

    def connection(self, timeout=60, host="localhost", port=None, source=None):
        """A connection, from another loopback address where `source` names one."""
        context = ssl.create_default_context(cafile=str(self.authority))
        return http.client.HTTPSConnection(host, port or self.port, timeout=timeout, context=context,
                                           source_address=source and (source, 0))

    def request(self, method, path, body=None, headers=None, timeout=60, source=None):
        """One exchange on a connection of its own, its body as JSON unless it is bytes; the response carries its own as
        `content`."""
        connection = self.connection(timeout, "127.0.0.1" if source else "localhost", source=source)
        try:
            connection.request(method, path, body if body is None or isinstance(body, bytes) else json.dumps(body),
                               {"content-type": "application/json", **(headers or {})})
            response = connection.getresponse()
            response.content = response.read()
            return response
        finally:
            connection.close()

    def receipt(self, request_id):
        """The receipt of one exchange, as soon as its batch is on disk."""
        return wait_for(lambda: self.read_receipt(request_id), 5, f"a receipt for {request_id}")

    def read_receipt(self, request_id):
        try:
            with contextlib.closing(sqlite3.connect(f"file:{self.receipts}?mode=ro", uri=True, timeout=5)) as store:
                store.row_factory = sqlite3.Row
                rows = store.execute("SELECT * FROM receipts WHERE request_id = ?", [request_id]).fetchall()
        except sqlite3.OperationalError as problem:
            raise Failure(f"{self.receipts.name}: {problem}") from problem
        require(len(rows) <= 1, f"{len(rows)} receipts for {request_id}")
        return dict(rows[0]) if rows else None

    def worker_pids(self):
        """The gateway's own child processes that run the worker."""
        pids = []
        for entry in pathlib.Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if not entry.name.isdigit():
                    continue
                line = (entry / "cmdline").read_bytes()
                # Those that are only asked for the devices are gone in a moment.
                if b"gatehouse-worker" not in line or b"--list-devices" in line:
                    continue
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[1]) == self.process.pid and fields[0] != "Z":
                    pids.append(int(entry.name))
        return pids


def lines(response):
    """The lines of a body as they arrive; `read1` raises where chunks end too early, `readline` would hide it."""
    rest = b""
    while data := response.read1(65536):
        *whole, rest = (rest + data).split(b"\n")
        yield from whole


def described(problem):
    """An unexpected exception in one line: what it was and where in these programs it came from."""
    own = [frame for frame in traceback.extract_tb(problem.__traceback__) if frame.filename.startswith(str(HERE))]
    place = f" at {pathlib.Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""
    return f"{type(problem).__name__}: {str(problem)[:400]}{place}"


def new_id():
    return f"client-{uuid.uuid4().hex}"


class Checks:
    """Runs checks in order; one `pass`, `FAIL` or `skip` line each, which the runner counts."""

    def __init__(self, program):
        self.program, self.failed = program, 0

    def __call__(self, name, skip=None):
        """`skip` says why the check cannot be made here."""
        def perform(check):
            if skip:
                print(f"skip {self.program}: {name}: {skip}", flush=True)
                return check
            started = time.monotonic()
            try:
                detail = check()
                print(f"pass {self.program}: {name} ({detail + ', ' if detail else ''}"
                      f"{time.monotonic() - started:.1f} s)", flush=True)
            except Exception as problem:  # a check may fail in any way; the run goes on
                self.failed += 1
                text = str(problem) if isinstance(problem, Failure) else described(problem)
                print(f"FAIL {self.program}: {name}: {' | '.join(text.splitlines())[-600:]}", flush=True)
            return check
        return perform

    def finish(self):
        sys.exit(CHECKS_FAILED if self.failed else 0)


def upstream_documents(endpoint, deployments, tenant="demo", auth_mode="key", top="", **extra):
    """Azure-style documents of one endpoint; `deployments` maps a name to (weight, settings under `gatehouse:`)."""
    endpoint_extra = "".join(f"\n  {name}: {json.dumps(value)}" for name, value in extra.items())
    traffic = json.dumps({name: weight for name, (weight, _) in deployments.items()})
    parts = [f"name: {endpoint}\nauth_mode: {auth_mode}\ntraffic: {traffic}\n{top}"
             f"gatehouse:\n  tenant: {tenant}{endpoint_extra}\n"]
    for name, (_, settings) in deployments.items():
        settings = {"tenant": tenant, **settings}
        top = "".join(f"{key}: {json.dumps(settings.pop(key))}\n" for key in ["model", "instance_type"]
                      if key in settings)
        request = {"request_timeout_ms": settings.pop("request_timeout_ms", 60000)}
        for key in ["max_queue_wait_ms", "max_concurrent_requests_per_instance"]:
            if key in settings:
                request[key] = settings.pop(key)
        parts.append(f"name: {name}\nendpoint_name: {endpoint}\n{top}"
                     f"request_settings: {json.dumps(request)}\ngatehouse: {json.dumps(settings)}\n")
    return "---\n".join(parts)


def to(backend, **settings):
    """The deployments of an endpoint with one backend."""
    return {"only": (100, {"upstream": {"urls": [f"http://127.0.0.1:{backend.port}"]}, **settings})}


def native_documents(endpoint, slots=None, **more):
    settings = {"engine": "llama"}
    if slots:
        settings["slots"] = slots
    return upstream_documents(endpoint, {
        "local": (100, {"model": "azureml:smollm2:1", "instance_type": "auto", "native": settings, **more})})
