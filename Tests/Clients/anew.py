"""What is made under a name that was deleted is another one: its counters, its keys' last use."""
import json

from harness import Checks, Gateway, Setting, require, to, upstream_documents, wait_for

check = Checks("anew")


class Anew:
    """The tenant gamma with an endpoint and a named key, each limited to some requests a month."""

    def __init__(self, gateway, backend, count=2):
        self.gateway = gateway
        self.quotas = [{"requests": count, "per": "month"}]
        self.deployments = to(backend, quotas=self.quotas)
        self.make_endpoint()
        gateway.command("limits", "set", "gamma", "--quota", f"requests={count}/month", "--requests", f"{count}/hour")
        self.make_key()

    def make_endpoint(self):
        self.gateway.apply(upstream_documents("open", self.deployments, tenant="gamma",
                                              quotas=self.quotas, auth_modes=["key", "aad_token", "aml_token"]))

    def make_key(self):
        self.key = self.gateway.created("keys", "named", "create", "gamma/app", "--quota", "requests=2/month")["key"]

    def statuses(self, count=3):
        return [self.gateway.request("POST", "/gamma/open/score", {}, {"api-key": self.key}).status
                for _ in range(count)]

    def last_used(self):
        return self.gateway.manage("GET", "gamma/keys/app").get("lastUsedAt")


def perform(gateway, backend):
    @check("a tenant made anew begins with whole limits and quotas, and a key of hers that was never used")
    def _():
        gamma = Anew(gateway, backend)
        require(gamma.statuses() == [200, 200, 429], "the quota does not hold")
        wait_for(gamma.last_used, 5, "the key's last use")
        gateway.command("tenants", "delete", "gamma")
        again = Anew(gateway, backend)
        require(again.last_used() is None, f"a key that nobody has used was used {again.last_used()}")
        statuses = again.statuses()
        require(statuses == [200, 200, 429], f"made anew: {statuses}")
        wait_for(lambda: gateway.created("usage", "show", "gamma")["rows"], 5, "usage of gamma")
        rows = gateway.created("usage", "show", "gamma")["rows"]
        require(sum(row["requests"] for row in rows) == 2, f"{rows}")

    @check("so do an endpoint, a deployment and a named key made anew, also after a restart")
    def _():
        gateway.command("tenants", "delete", "gamma")
        gamma = Anew(gateway, backend)
        require(gamma.statuses() == [200, 200, 429], "the quotas do not hold")
        gateway.command("limits", "clear", "gamma")
        gateway.command("endpoints", "delete", "gamma/open")
        gateway.command("keys", "named", "revoke", "gamma/app")
        gamma.make_endpoint()
        gamma.make_key()
        require(gamma.last_used() is None, f"the new key was used {gamma.last_used()}")
        require(gamma.statuses(1) == [200], "an endpoint and a key made anew are used up")
        wait_for(gamma.last_used, 5, "the key's last use")
        gateway.stop()
        gateway.start()
        statuses = gamma.statuses(2)
        require(statuses == [200, 429], f"after a restart {statuses}")


with Gateway(Setting(), "anew", threads=2) as gateway:
    perform(gateway, gateway.backend("echo"))
check.finish()
