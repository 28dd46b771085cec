"""Webhooks: signed, told once, tried again, kept over a crash; of instances that go and come."""
import calendar
import json
import time
import urllib.request

from harness import Checks, Failure, Gateway, Setting, free_port, require, to, upstream_documents, wait_for
from receiver import Receiver

check = Checks("webhooks")
HEADER = "canary-7d41c0b2"


def check_test(gateway, receiver, secret):
    @check("webhooks test: signed, with its custom header, and the answer is shown")
    def _():
        answer = gateway.created("webhooks", "test", "demo/ops")
        require(answer["delivered"] and answer["status"] == 200, f"{answer}")
        [delivery] = receiver.of("webhook.test")
        delivery.verify(secret)
        require(delivery.headers.get("x-token") == HEADER, "the custom header is missing")
        require(delivery.content["tenant"] == "demo", f"{delivery.content}")

    @check("webhooks test fails where nobody listens, at a redirect and at 500; link-local addresses are refused")
    def _():
        def failed(*arguments):
            try:
                gateway.command("webhooks", "test", "demo/wrong")
            except Failure:
                return True
            return False

        gateway.command("webhooks", "add", "demo/wrong", "--url", f"http://127.0.0.1:{free_port()}/")
        require(failed(), "nobody listens, and it says delivered")
        gateway.command("webhooks", "add", "demo/wrong", "--url", receiver.url, "--event", "key.expired")
        for status in [500, 302]:
            receiver.answers = [status]
            require(failed(), f"{status} was taken for delivered")
        try:
            gateway.command("webhooks", "add", "demo/wrong", "--url", "http://169.254.169.254/latest/")
        except Failure:
            pass
        else:
            require(failed(), "the metadata address was called")
        gateway.command("webhooks", "remove", "demo/wrong")

    @check("the signing secret is shown no more, and nothing of it or of custom headers stands in a file")
    def _():
        require(secret not in gateway.command("webhooks", "list", "demo", "--output", "json"), "it is shown again")
        for path in [*gateway.directory.glob("*.db*"), gateway.directory / "gatehouse.log"]:
            content = path.read_bytes()
            require(secret.encode() not in content and HEADER.encode() not in content, f"a secret is in {path.name}")


def check_thresholds(gateway, receiver, secret):
    key = gateway.key("scores")

    def call(count):
        return [gateway.request("POST", "/demo/scores/score", {}, {"api-key": key}).status for _ in range(count)]

    @check("quota thresholds: 80 and 100 per cent arrive once each, after a retry where the receiver failed")
    def _():
        call(7)
        time.sleep(0.5)
        require(not receiver.of("quota.threshold"), "told before 80 %")
        receiver.answers = [500]
        require(call(1) == [200], "the eighth of ten is refused")
        wait_for(lambda: len(receiver.of("quota.threshold")) == 2, 10, "80 % to be told again after 500")
        first, second = receiver.of("quota.threshold")
        require(first.headers["webhook-id"] == second.headers["webhook-id"], "another id at the second try")
        require(first.body == second.body, "another body at the second try")
        require(3.5 <= second.at - first.at <= 7, f"tried again after {second.at - first.at:.1f} s")
        require(call(4) == [200, 200, 429, 429], "the quota is not exact")
        wait_for(lambda: len(receiver.of("quota.threshold")) == 3, 5, "100 % to be told")
        time.sleep(1)
        deliveries = receiver.of("quota.threshold")
        require(len(deliveries) == 3, f"{len(deliveries)} deliveries")
        for delivery in deliveries:
            delivery.verify(secret)
        percents = [delivery.content["data"]["percent"] for delivery in deliveries[1:]]
        require(percents == [80, 100], f"{percents}")
        return f"second try after {second.at - first.at:.1f} s"

    @check("webhooks deliveries tells of both, and of the two tries")
    def _():
        log = gateway.created("webhooks", "deliveries", "demo/ops")["value"]
        told = {entry["tries"]: entry for entry in log if entry["type"] == "quota.threshold"}
        require(set(told) == {1, 2}, f"{log}")
        require(all(entry["state"] == "delivered" and entry["lastStatus"] == 200 for entry in told.values()), f"{log}")

    @check("the log has a line for each threshold")
    def _():
        lines = [line for line in gateway.log().splitlines() if "quota threshold" in line]
        require(len(lines) == 2, f"{len(lines)} lines")


def check_crash(gateway, receiver, secret):
    @check("an event that waits for its next try is delivered after kill -9; thresholds are not told twice")
    def _():
        before = len(receiver.of("quota.threshold"))
        receiver.answers = [500]
        key = gateway.key("second")
        for _ in range(8):
            gateway.request("POST", "/demo/second/score", {}, {"api-key": key})
        wait_for(lambda: len(receiver.of("quota.threshold")) == before + 1, 5, "the first try")
        # The counts of the quota are on disk within 200 ms, the try's end right after it.
        time.sleep(0.5)
        gateway.kill()
        gateway.start()
        wait_for(lambda: len(receiver.of("quota.threshold")) == before + 2, 12, "the second try after the restart")
        first, second = receiver.of("quota.threshold")[before:]
        second.verify(secret)
        require(first.headers["webhook-id"] == second.headers["webhook-id"], "another event")
        gateway.request("POST", "/demo/second/score", {}, {"api-key": key})
        gateway.request("POST", "/demo/scores/score", {}, {"api-key": gateway.key("scores")})
        time.sleep(1)
        again = receiver.of("quota.threshold")[before + 2:]
        require(not again, f"told again: {[delivery.content for delivery in again]}")


def check_expiry(gateway, receiver, secret):
    @check("a key that expires soon is told of once, though the gateway starts twice")
    def _():
        gateway.command("keys", "named", "create", "demo/brief", "--expires", "2d")
        # Expiries are looked for at the start and every minute.
        gateway.stop()
        gateway.start()
        wait_for(lambda: receiver.of("key.expiring"), 10, "key.expiring")
        gateway.stop()
        gateway.start()
        time.sleep(2)
        [delivery] = receiver.of("key.expiring")
        delivery.verify(secret)
        require("brief" in json.dumps(delivery.content["data"]), f"{delivery.content}")


def check_instances(gateway, receiver, secret):
    def become(backend, status):
        urllib.request.urlopen(f"http://127.0.0.1:{backend.port}/become/{status}", timeout=5).close()

    def told(kind, deployment):
        return [delivery for delivery in receiver.of(kind) if delivery.content["data"]["deployment"] == deployment]

    def verify(delivery, endpoint, port, cause):
        delivery.verify(secret)
        data = delivery.content["data"]
        require(delivery.content["tenant"] == "demo" and data["endpoint"] == endpoint, f"{delivery.content}")
        require(data["instance"] == f"http://127.0.0.1:{port}" and data["cause"] == cause, f"{data}")
        since = calendar.timegm(time.strptime(data["since"], "%Y-%m-%dT%H:%M:%SZ"))
        require(abs(time.time() - since) < 60, f"since {data['since']}")
        return data["detail"]

    @check("a liveness that fails and returns is told twice, signed, with the probe's answers; flapping tells no more")
    def _():
        backend = gateway.backend("switch")
        become(backend, 200)
        quick = "liveness_probe: {initial_delay: 0, period: 1, timeout: 1, failure_threshold: 2}\n"
        documents = upstream_documents("alive", {"pulse": (100, {"upstream": {
            "urls": [f"http://127.0.0.1:{backend.port}"], "probe": {"liveness": "/ready"}}})})
        gateway.apply(documents.replace("request_settings:", quick + "request_settings:"))
        become(backend, 500)
        wait_for(lambda: told("instance.ejected", "pulse"), 15, "instance.ejected")
        require(not told("instance.returned", "pulse"), "told back while it fails")
        become(backend, 200)
        wait_for(lambda: told("instance.returned", "pulse"), 15, "instance.returned")
        [out], [back] = told("instance.ejected", "pulse"), told("instance.returned", "pulse")
        answers = [verify(event, "alive", backend.port, "liveness-probe") for event in [out, back]]
        require(answers == ["GET /ready answered 500", "GET /ready answered 200"], f"{answers}")
        before = gateway.log().count("instance failed its liveness probe")
        become(backend, 500)
        wait_for(lambda: gateway.log().count("instance failed its liveness probe") > before, 15, "it fails again")
        become(backend, 200)
        wait_for(lambda: not gateway.created("deployments", "show", "demo/alive/pulse")["instances"][0].get("outage"),
                 15, "it is back again")
        time.sleep(1)
        count = len(told("instance.ejected", "pulse")) + len(told("instance.returned", "pulse"))
        require(count == 2, f"{count} events within a minute")
        return f"{back.at - out.at:.1f} s apart"

    @check("an instance whose requests fail is told of, and its return")
    def _():
        backend = gateway.backend("echo")
        gateway.apply(upstream_documents("dialled", {"blue": (100, {"upstream": {
            "urls": [f"http://127.0.0.1:{backend.port}"]}})}))
        key = gateway.key("dialled")
        def ask():
            return gateway.request("POST", "/demo/dialled/score", {}, {"api-key": key}).status
        require(ask() == 200, "it does not answer")
        backend.kill()
        backend.wait()
        wait_for(lambda: ask() and told("instance.ejected", "blue"), 15, "instance.ejected")
        [out] = told("instance.ejected", "blue")
        detail = verify(out, "dialled", backend.port, "circuit-breaker")
        require(detail == "it could not be reached", detail)
        gateway.backend("echo", port=backend.port)
        wait_for(lambda: ask() and told("instance.returned", "blue"), 15, "instance.returned")
        [back] = told("instance.returned", "blue")
        verify(back, "dialled", backend.port, "circuit-breaker")


receiver = Receiver()
setting = Setting()
try:
    with Gateway(setting, "webhooks") as gateway:
        backend = gateway.backend("logging", "--log", gateway.directory / "ids", "--delay", "0")
        quota = [{"requests": 10, "per": "month"}]
        gateway.apply("---\n".join(
            upstream_documents(name, to(backend), quotas=quota) for name in ["scores", "second"]))
        secret = gateway.created(
            "webhooks", "add", "demo/ops", "--url", receiver.url, "--header", f"X-Token: {HEADER}")["secret"]
        check_test(gateway, receiver, secret)
        check_thresholds(gateway, receiver, secret)
        check_crash(gateway, receiver, secret)
        check_expiry(gateway, receiver, secret)
        check_instances(gateway, receiver, secret)
finally:
    receiver.close()
check.finish()
