"""Liveness: an upstream's instance that only its probe finds ill is left out, and returns."""
import itertools
import time
import urllib.request

from harness import Checks, Gateway, Setting, require, upstream_documents, wait_for
from pacing import Load
from receiver import Receiver

check = Checks("liveness")
RATE = 60
# How long both probes below may need: two failures in a row, a second apart, each after a second or two.
SOON = 20


def probed(documents, timeout):
    probe = f"liveness_probe: {{initial_delay: 0, period: 1, timeout: {timeout}, failure_threshold: 2}}\n"
    return documents.replace("request_settings:", probe + "request_settings:")


def become(backend, status):
    urllib.request.urlopen(f"http://127.0.0.1:{backend.port}/become/{status}", timeout=5).close()


class Instances:
    """A deployment of two backends that answer every call, whatever they say of themselves at `/ready`."""

    def __init__(self, gateway, receiver):
        self.gateway, self.receiver = gateway, receiver
        self.files = [gateway.directory / f"switch-{number}.arrivals" for number in range(2)]
        self.backends = [gateway.backend("switch", "--arrivals", file) for file in self.files]
        self.urls = [f"http://127.0.0.1:{backend.port}" for backend in self.backends]
        for backend in self.backends:
            become(backend, 200)
        gateway.apply(probed(upstream_documents("ward", {"pair": (100, {"upstream": {
            "urls": self.urls, "probe": {"liveness": "/ready"}}})}), timeout=1))

    def arrived(self, number):
        return [line.split()[0] for line in self.files[number].read_text().splitlines()]

    def told(self, kind, number):
        """What the receiver was told of this instance."""
        return [delivery.content["data"] for delivery in self.receiver.of(kind)
                if delivery.content["data"]["instance"] == self.urls[number]]

    def is_out(self, number):
        shown = self.gateway.created("deployments", "show", "demo/ward/pair")["instances"]
        return any(instance["url"] == self.urls[number] and instance.get("outage") for instance in shown)

    def outage(self, number, status, words):
        """One instance answers its probe with this status until it is out, and then well again; for how long it was out."""
        before = len(self.arrived(number))
        require(before > 0, "it was never asked")
        become(self.backends[number], status)
        [out] = wait_for(lambda: self.told("instance.ejected", number), SOON, "instance.ejected")
        began = time.monotonic()
        require(out["cause"] == "liveness-probe" and out["deployment"] == "pair" and out["endpoint"] == "ward", f"{out}")
        require(words in out["detail"], f"{out['detail']}")
        require(self.is_out(number), "it is told of and not out")
        asked = len(self.arrived(number))
        # Long enough for 60 requests, of which half would be its own.
        time.sleep(1)
        require(len(self.arrived(number)) == asked, f"{len(self.arrived(number)) - asked} requests while it was out")
        require(not self.told("instance.returned", number), "told back while its probe fails")
        become(self.backends[number], 200)
        [back] = wait_for(lambda: self.told("instance.returned", number), SOON, "instance.returned")
        require(back["detail"] == "GET /ready answered 200", f"{back}")
        seconds = time.monotonic() - began
        wait_for(lambda: len(self.arrived(number)) > asked, SOON, "requests for the one that is back")
        log = self.gateway.command("deployments", "logs", "demo/ward/pair", "--tail", "1000")
        for line in [f"instance {self.urls[number]} is out: ", f"instance {self.urls[number]} takes requests", words]:
            require(line in log, f"not in the deployment's log: {line}")
        return seconds


def check_upstream(gateway, receiver):
    instances = Instances(gateway, receiver)
    key = gateway.key("ward")
    loads, asked = [], iter(range(2))
    for status, fault, words in [(500, "answers 500", "GET /ready answered 500"), (0, "hangs", "GET /ready failed: ")]:
        @check(f"an instance whose liveness path {fault} gets no request until it answers, and no caller notices")
        def _(status=status, words=words):
            number = next(asked)
            load = Load(gateway, "ward", key, RATE)
            try:
                wait_for(lambda: instances.arrived(0) and instances.arrived(1), 10, "both are asked")
                seconds = instances.outage(number, status, words)
            finally:
                answers = load.stop()
            loads.append(answers)
            wrong = [answer.status for answer in answers if answer.status != 200]
            require(not wrong, f"{len(wrong)} of {len(answers)} calls failed: {set(wrong)}")
            return f"{len(answers)} calls, out for {seconds:.1f} s"

    @check("by the backends' own logs each call reached one instance, once")
    def _():
        sent = [answer.id for answer in itertools.chain(*loads)]
        found = instances.arrived(0) + instances.arrived(1)
        require(len(sent) > 100 and sorted(found) == sorted(sent), f"{len(found)} arrivals of {len(sent)} calls")
        return f"{len(found)}"

    @check("the gateway's log has an error for each of the two")
    def _():
        count = gateway.log().count("instance failed its liveness probe")
        require(count == 2, f"{count} errors")


receiver = Receiver()
try:
    with Gateway(Setting(), "liveness", threads=2) as gateway:
        gateway.command("tenants", "create", "demo")
        gateway.command("webhooks", "add", "demo/ops", "--url", receiver.url)
        check_upstream(gateway, receiver)
finally:
    receiver.close()
check.finish()
