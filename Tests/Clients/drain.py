"""Graceful stop: SIGTERM lets an open stream finish, writes its receipt, and ends with exit code 0.

Readiness goes at once, connections are taken some seconds longer, and a second SIGTERM ends it all.
"""
import http.client
import json
import signal
import subprocess
import time

from harness import Checks, Gateway, Setting, lines, new_id, require, upstream_documents, wait_for

check = Checks("drain")
setting = Setting()


def exit_code(gateway, seconds):
    try:
        return gateway.process.wait(seconds)
    except subprocess.TimeoutExpired:
        require(False, f"still running {seconds} s later")


with Gateway(setting, "drain") as gateway:
    backend = gateway.backend("events")
    gateway.apply(upstream_documents("events", {"only": (100, {"upstream": {
        "urls": [f"http://127.0.0.1:{backend.port}"]}})}))
    key = gateway.key("events")
    request_id, short_id = new_id(), new_id()

    def opened(query, identifier):
        """A stream that has begun: its connection and its response."""
        connection = gateway.connection()
        connection.request("POST", f"/demo/events/score?{query}", "{}", {
            "api-key": key, "x-request-id": identifier, "content-type": "application/json"})
        return connection, connection.getresponse()

    def events_of(response):
        return (line[6:].strip() for line in lines(response) if line.startswith(b"data: "))

    @check("an open stream finishes after SIGTERM, the gateway exits 0")
    def _():
        response = gateway.request("POST", "/demo/events/score?count=1", {}, {"api-key": key, "x-request-id": short_id})
        require(response.status == 200, f"status {response.status}")
        connection, response = opened("count=20&gap=0.2", request_id)
        stream = events_of(response)
        events = [next(stream) for _ in range(3)]
        gateway.process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        events += stream
        connection.close()
        require(len(events) == 21 and events[-1] == b"[DONE]", f"{len(events)} events, the last {events[-1]}")
        require([json.loads(event)["index"] for event in events[:-1]] == list(range(20)), "events are out of order")
        require((code := exit_code(gateway, 30)) == 0, f"exit code {code}")
        return f"stopped {time.monotonic() - started:.1f} s after the signal"

    @check("the receipts are on disk")
    def _():
        for identifier in [request_id, short_id]:
            receipt = gateway.read_receipt(identifier)
            require(receipt, f"no receipt for {identifier}")
            require(receipt["status"] == 200, f"{receipt}")
            require(receipt["deployment"] == "only", f"{receipt}")

    @check("after SIGTERM /readyz is 503 at once and new connections are answered for 4 s; then it exits 0")
    def _():
        gateway.stop()
        gateway.start()
        require(gateway.request("GET", "/readyz").status == 200, "not ready before the signal")
        gateway.process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        wait_for(lambda: gateway.request("GET", "/readyz").status == 503, 0.5, "/readyz is 503")
        answered = 0
        while time.monotonic() < started + 4:
            score = gateway.request("POST", "/demo/events/score?count=1", {}, {"api-key": key}).status
            ready, alive = [gateway.request("GET", path).status for path in ["/readyz", "/healthz"]]
            require((score, ready, alive) == (200, 503, 200), f"{score}, /readyz {ready}, /healthz {alive} after "
                    f"{time.monotonic() - started:.1f} s")
            answered += 1
            time.sleep(0.1)
        require((code := exit_code(gateway, 10)) == 0, f"exit code {code}")
        return f"{answered} answered, stopped {time.monotonic() - started:.1f} s after the signal"

    cut_id = new_id()

    @check("a second SIGTERM ends an open stream and the process within 2 s")
    def _():
        gateway.stop()
        gateway.start()
        connection, response = opened("count=300&gap=0.1", cut_id)
        stream = events_of(response)
        for _ in range(3):
            next(stream)
        gateway.process.send_signal(signal.SIGTERM)
        for _ in range(10):
            next(stream)
        require(gateway.process.poll() is None, "the first signal ended the process")
        gateway.process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        code = exit_code(gateway, 2)
        took = time.monotonic() - started
        require(code == 0, f"exit code {code}")
        try:
            rest = list(stream)
        except (http.client.IncompleteRead, ConnectionError):
            pass
        else:
            require(False, f"the stream ended as if it were whole, after {len(rest)} more events")
        connection.close()
        return f"{took:.2f} s"

    @check("the receipt of the stream that was cut is on disk")
    def _():
        receipt = gateway.read_receipt(cut_id)
        require(receipt, "no receipt")
        require(receipt["status"] == 200 and receipt["outcome"] != "completed", f"{receipt}")
        return receipt["outcome"]
check.finish()
