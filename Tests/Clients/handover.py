"""A restart with socket hand-over: nobody is refused, nothing fails, open streams come to their end (SECURITY R-1)."""
import http.client
import pathlib
import signal
import socket
import ssl
import struct
import threading
import time

from harness import Checks, Gateway, QUEUE, Setting, lines, require, to, upstream_documents

check = Checks("handover")
setting = Setting()
REQUESTS = 10_000 if setting.is_long else 2_000
STREAMS = 50
# Of a stream, in seconds: longer than the gateway goes on accepting, so that connections must wait for its successor.
LENGTH = 8
CLIENTS = 8


class Load:
    """Clients that ask on and on and never ask again for what failed: half of them make a connection for each request."""

    def __init__(self, gateway, key):
        self.gateway, self.key = gateway, key
        self.answered, self.failures, self.stopped = [], [], threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(number % 2 == 0,)) for number in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def work(self, is_kept):
        connection = self.gateway.connection(timeout=60)
        while not self.stopped.is_set():
            try:
                connection.request("POST", "/demo/short/score", "{}", {
                    "api-key": self.key, "content-type": "application/json"})
                response = connection.getresponse()
                response.read()
                require(response.status == 200, f"status {response.status}")
                self.answered.append(time.monotonic())
                if not is_kept:
                    connection.close()
            except (OSError, ssl.SSLError, http.client.HTTPException, Exception) as error:
                self.failures.append(f"{type(error).__name__}: {error}")
                connection.close()
        connection.close()

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()


class Stream(threading.Thread):
    """One stream of events, read to its end."""

    def __init__(self, gateway, key):
        super().__init__()
        self.gateway, self.key, self.events, self.failure = gateway, key, 0, None
        self.begun = threading.Event()
        self.start()

    def run(self):
        connection = self.gateway.connection(timeout=60)
        try:
            connection.request("POST", f"/demo/long/score?count={LENGTH * 4}&gap=0.25", "{}", {
                "api-key": self.key, "content-type": "application/json"})
            for line in lines(connection.getresponse()):
                self.begun.set()
                self.events += line.startswith(b"data: ")
        except (OSError, http.client.HTTPException) as error:
            self.failure = error
        connection.close()


with Gateway(setting, "handover", threads=2, holds_socket=True) as gateway:
    backends = gateway.backend("logging", "--log", gateway.directory / "ids"), gateway.backend("events")
    gateway.apply("---\n".join([
        upstream_documents("short", to(backends[0])),
        upstream_documents("long", {"only": (100, {
            "upstream": {"urls": [f"http://127.0.0.1:{backends[1].port}"]},
        })})]))
    keys = gateway.key("short"), gateway.key("long")

    @check(f"{STREAMS} streams and clients with kept and new connections live through a restart: none fails, none is refused")
    def _():
        load = Load(gateway, keys[0])
        streams = [Stream(gateway, keys[1]) for _ in range(STREAMS)]
        for stream in streams:
            require(stream.begun.wait(30), "a stream does not begin")
        first = gateway.process
        first.send_signal(signal.SIGTERM)
        signalled = time.monotonic()
        code = first.wait(60)
        ended = time.monotonic()
        gateway.start()
        while len(load.answered) + len(load.failures) < REQUESTS or load.answered[-1] < ended:
            require(time.monotonic() < ended + 120, f"{len(load.answered)} answers, {load.failures[:3]}")
            time.sleep(0.1)
        load.stop()
        for stream in streams:
            stream.join()
        require(code == 0, f"exit code {code}")
        require(not load.failures, f"{len(load.failures)} of {len(load.answered)} failed: {load.failures[:3]}")
        cut = [stream for stream in streams if stream.failure or stream.events != LENGTH * 4 + 1]
        require(not cut, f"{len(cut)} streams were cut, the first after {cut and cut[0].events}: {cut and cut[0].failure}")
        after = sum(moment > ended for moment in load.answered)
        require(after, "the successor answered nothing")
        return f"{len(load.answered)} answers, {after} by the successor; the first stopped after {ended - signalled:.1f} s"

    @check("the socket's queue is as long as its holder made it")
    def _():
        # Of a listening socket the field that elsewhere counts acknowledged segments is the length of its queue.
        (length,) = struct.unpack_from("I", gateway.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 28)
        most = int(pathlib.Path("/proc/sys/net/core/somaxconn").read_text())
        require(length == min(QUEUE, most), f"{length}")

check.finish()
