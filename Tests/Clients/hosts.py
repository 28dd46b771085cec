"""A host name claimed by an endpoint; its certificate is replaced between calls under load, no handshake fails.

The gateway's own certificate is replaced too, as certbot does it: the same two files get other contents.
"""
import http.client
import signal
import socket
import ssl
import threading
import time

from authority import Authority
from harness import Checks, Gateway, Setting, require, upstream_documents, wait_for

check = Checks("hosts")
HOST = "models.test"
OWN_NAMES = "DNS:localhost,IP:127.0.0.1"
REFUSAL = "certificate refused, the old one stays in use"


class HostConnection(http.client.HTTPSConnection):
    """Dials loopback, but asks for this host in SNI and Host and verifies its certificate."""

    def __init__(self, port, authority, host=HOST):
        context = ssl.create_default_context(cafile=str(authority))
        super().__init__(host, port, timeout=20, context=context)
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


def call_own(gateway, authority):
    """The same of the gateway's own name, which has the certificate of gatehouse.yaml."""
    connection = HostConnection(gateway.port, authority.certificate, "localhost")
    try:
        connection.connect()
        serial = connection.serial()
        connection.request("GET", "/healthz")
        response = connection.getresponse()
        response.read()
        return response.status, serial
    finally:
        connection.close()


class Load:
    """Threads that each open connection after connection and note what they got."""

    def __init__(self, call, threads=4):
        self.results, self.failures, self.stopped = [], [], threading.Event()
        self.call = call
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


def require_switched(load, switched):
    """No call failed, and 2 s after each certificate was given none got an older one."""
    require(not load.failures, f"{len(load.failures)} failed, such as {load.failures[:1]}")
    require(len(load.results) > 100, f"only {len(load.results)} calls")
    require({status for _, status, _ in load.results} == {200}, "a status other than 200")
    for number, moment in switched:
        stale = [serial for at, _, serial in load.results if at > moment + 2 and serial < number]
        require(not stale, f"certificate {stale[:1]} 2 s after {number} was given")


class Served:
    """The two files that gatehouse.yaml names, overwritten in place: the same files, never moved or made anew."""

    def __init__(self, gateway, authority):
        self.authority = authority
        self.files = [gateway.directory / "certs" / name for name in ["server.pem", "server.key"]]
        gateway.authority.write_bytes(authority.certificate.read_bytes())

    def write(self, number, pause=0):
        """Between the two files the pair does not fit, for `pause` seconds."""
        before = [path.stat().st_ino for path in self.files]
        for path, source in zip(self.files, self.authority.issue(number, names=OWN_NAMES)):
            path.write_bytes(source.read_bytes())
            time.sleep(pause)
        require([path.stat().st_ino for path in self.files] == before, "the files are other ones")


def check_own_certificate(gateway, authority, served):
    @check("its own certificate is overwritten in place under load without a failed handshake")
    def _():
        switched = []
        with Load(lambda: call_own(gateway, authority)) as load:
            # The longer pauses let the gateway see the new certificate with the old key.
            for number, pause in [(302, 0), (303, 1.5), (304, 0), (305, 1.5)]:
                served.write(number, pause)
                switched.append((number, time.monotonic()))
                time.sleep(2.5)
        require_switched(load, switched)
        refused = gateway.log().count(REFUSAL)
        require(refused >= 2, f"{refused} times a pair that does not fit was seen, of the two that lasted")
        return f"{len(load.results)} handshakes, {refused} times a pair that did not fit"

    @check("SIGHUP reads the files again: a bad pair is refused once more in the log, the old one stays")
    def _():
        own_key = served.files[1].read_bytes()
        before = gateway.log().count(REFUSAL)
        served.files[1].write_bytes(authority.issue(400, names=OWN_NAMES)[1].read_bytes())
        wait_for(lambda: gateway.log().count(REFUSAL) == before + 1, 5, "the log tells of the bad pair")
        # Files that stay as they are are not read again by themselves.
        time.sleep(2.5)
        require(gateway.log().count(REFUSAL) == before + 1, "refused again without a signal")
        for number in [2, 3]:
            gateway.process.send_signal(signal.SIGHUP)
            wait_for(lambda: gateway.log().count(REFUSAL) == before + number, 2, f"refusal {number} in the log")
            time.sleep(0.5)
            require(gateway.log().count(REFUSAL) == before + number, "one SIGHUP, more than one refusal")
            require((got := call_own(gateway, authority)) == (200, 305), f"status and certificate {got}")
        line = [line for line in gateway.log().splitlines() if REFUSAL in line][-1]
        require(str(served.files[0]) in line or str(served.files[1]) in line, f"the file is not named: {line}")
        served.files[1].write_bytes(own_key)
        served.write(306)
        gateway.process.send_signal(signal.SIGHUP)
        wait_for(lambda: call_own(gateway, authority) == (200, 306), 2, "the good pair is served")


setting = Setting()
gateway = Gateway(setting, "hosts")
own_authority = Authority(gateway.directory / "own-authority", HOST)
served = Served(gateway, own_authority)
served.write(301)
with gateway:
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
        with Load(lambda: call(gateway, authority, key)) as load:
            for number in range(101, 106):
                pair = authority.issue(number)
                add(gateway, pair)
                switched.append((number, time.monotonic()))
                time.sleep(2.5)
        require_switched(load, switched)
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

    check_own_certificate(gateway, own_authority, served)

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
