"""A host name claimed by an endpoint; its certificate is replaced between calls under load, no handshake fails."""
import http.client
import socket
import ssl
import threading
import time

from authority import Authority
from harness import Checks, Gateway, Setting, require, upstream_documents

check = Checks("hosts")
HOST = "models.test"


class HostConnection(http.client.HTTPSConnection):
    """Dials loopback, but asks for the claimed host in SNI and Host and verifies its certificate."""

    def __init__(self, port, authority):
        context = ssl.create_default_context(cafile=str(authority))
        super().__init__(HOST, port, timeout=20, context=context)
        self._create_connection = lambda address, *rest: socket.create_connection(("127.0.0.1", port), 20)

    def serial(self):
        return int(self.sock.getpeercert()["serialNumber"], 16)


def call(gateway, authority, key):
    """One request on a new connection: its status and the serial number of the certificate it was shown."""
    connection = HostConnection(gateway.port, authority.certificate)
    try:
        connection.connect()
        serial = connection.serial()
        connection.request("GET", "/caption?url=x", headers={"api-key": key})
        response = connection.getresponse()
        response.read()
        return response.status, serial
    finally:
        connection.close()


class Load:
    """Threads that each open connection after connection and note what they got."""

    def __init__(self, gateway, authority, key, threads=4):
        self.results, self.failures, self.stopped = [], [], threading.Event()
        self.call = lambda: call(gateway, authority, key)
        self.threads = [threading.Thread(target=self.work) for _ in range(threads)]

    def work(self):
        while not self.stopped.is_set():
            try:
                self.results.append((time.monotonic(), *self.call()))
            except (OSError, http.client.HTTPException) as problem:
                self.failures.append(f"{type(problem).__name__}: {problem}")

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join()


def add(gateway, pair):
    gateway.command("certs", "add", "--host", HOST, "--certificate", pair[0], "--key", pair[1])


setting = Setting()
with Gateway(setting, "hosts") as gateway:
    authority = Authority(gateway.directory / "authority", HOST)
    backend = gateway.backend("logging", "--log", gateway.directory / "ids", "--name", "blue", "--delay", "0")
    gateway.apply(upstream_documents("captions", {"only": (100, {"upstream": {
        "urls": [f"http://127.0.0.1:{backend.port}"]}})}, hosts=[HOST]))
    key = gateway.key("captions")
    add(gateway, authority.issue(100))

    @check("a claimed host is served at its root with its own certificate")
    def _():
        status, serial = call(gateway, authority, key)
        require(status == 200, f"status {status}")
        require(serial == 100, f"certificate {serial}")

    @check("a wrong key on the claimed host is refused")
    def _():
        status, _ = call(gateway, authority, "wrong")
        require(status == 401, f"status {status}")

    @check("its certificate is replaced under load without a failed handshake")
    def _():
        switched = []
        with Load(gateway, authority, key) as load:
            for number in range(101, 106):
                pair = authority.issue(number)
                add(gateway, pair)
                switched.append((number, time.monotonic()))
                time.sleep(2.5)
        require(not load.failures, f"{len(load.failures)} failed, such as {load.failures[:1]}")
        require(len(load.results) > 100, f"only {len(load.results)} calls")
        require({status for _, status, _ in load.results} == {200}, "a status other than 200")
        for number, moment in switched:
            stale = [serial for at, _, serial in load.results if at > moment + 2 and serial < number]
            require(not stale, f"certificate {stale[:1]} 2 s after {number} was added")
        return f"{len(load.results)} handshakes"

    @check("a certificate with the wrong key is refused and the old one stays")
    def _():
        certificate, _ = authority.issue(200)
        _, foreign = authority.issue(201)
        try:
            add(gateway, (certificate, foreign))
        except Exception:
            status, serial = call(gateway, authority, key)
            require((status, serial) == (200, 105), f"status {status}, certificate {serial}")
            return
        require(False, "the pair was taken")

    @check("certs list shows the host")
    def _():
        require(HOST in gateway.command("certs", "list"), "the host is missing")

    @check("a removed certificate is not served any more")
    def _():
        gateway.command("certs", "remove", "--host", HOST)
        time.sleep(2)
        try:
            call(gateway, authority, key)
        except ssl.SSLError:
            return
        require(False, "the certificate is still served")
check.finish()
