"""Graceful stop: SIGTERM lets an open stream finish, writes its receipt, and ends with exit code 0."""
import json
import signal
import subprocess
import time

from harness import Checks, Gateway, Setting, lines, new_id, require, upstream_documents

check = Checks("drain")
setting = Setting()
with Gateway(setting, "drain") as gateway:
    backend = gateway.backend("events")
    gateway.apply(upstream_documents("events", {"only": (100, {"upstream": {
        "urls": [f"http://127.0.0.1:{backend.port}"]}})}))
    key = gateway.key("events")
    request_id, short_id = new_id(), new_id()

    def events_of(response):
        return (line[6:].strip() for line in lines(response) if line.startswith(b"data: "))

    @check("an open stream finishes after SIGTERM, the gateway exits 0")
    def _():
        response = gateway.request("POST", "/demo/events/score?count=1", {}, {"api-key": key, "x-request-id": short_id})
        require(response.status == 200, f"status {response.status}")
        connection = gateway.connection()
        connection.request("POST", "/demo/events/score?count=20&gap=0.2", "{}", {
            "api-key": key, "x-request-id": request_id, "content-type": "application/json"})
        response = connection.getresponse()
        stream = events_of(response)
        events = [next(stream) for _ in range(3)]
        gateway.process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        events += stream
        connection.close()
        require(len(events) == 21 and events[-1] == b"[DONE]", f"{len(events)} events, the last {events[-1]}")
        require([json.loads(event)["index"] for event in events[:-1]] == list(range(20)), "events are out of order")
        try:
            code = gateway.process.wait(30)
        except subprocess.TimeoutExpired:
            require(False, "still running 30 s after its last stream")
        require(code == 0, f"exit code {code}")
        return f"stopped {time.monotonic() - started:.1f} s after the signal"

    @check("the receipts are on disk")
    def _():
        for identifier in [request_id, short_id]:
            receipt = gateway.read_receipt(identifier)
            require(receipt, f"no receipt for {identifier}")
            require(receipt["status"] == 200, f"{receipt}")
            require(receipt["deployment"] == "only", f"{receipt}")
check.finish()
