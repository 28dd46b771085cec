"""What is made under a name that was deleted is another one: its counters, its keys' last use, its tokens."""
import json
import time
import urllib.parse

from harness import Checks, Gateway, Setting, require, to, upstream_documents, wait_for
from scraping import page, samples

check = Checks("anew")


def principals_token(gateway, tenant):
    """The token of a new service principal that may ask for tokens of the tenant's endpoints."""
    principal = gateway.created("principals", "create", f"{tenant}/batch")
    gateway.command("roles", "assign", f"{tenant}/batch", "--role", "token", "--application", principal["clientId"])
    form = urllib.parse.urlencode({
        "client_id": principal["clientId"], "client_secret": principal["secrets"][0]["secret"],
        "grant_type": "client_credentials", "scope": "https://ml.azure.com/.default"})
    connection = gateway.connection()
    connection.request("POST", f"/{tenant}/oauth2/v2.0/token", form,
                       {"content-type": "application/x-www-form-urlencoded"})
    token = json.loads(connection.getresponse().read())["access_token"]
    connection.close()
    return token


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

    def token(self):
        ask = self.gateway.request("POST", "/gamma/open/token", {}, {
            "authorization": f"Bearer {principals_token(self.gateway, 'gamma')}"})
        return {"authorization": "Bearer " + json.loads(ask.content)["accessToken"]}

    def opens(self, headers):
        return self.gateway.request("POST", "/gamma/open/score", {}, headers).status


def counted(gateway):
    """What /metrics has of gamma's requests, by status."""
    found = {}
    for (name, *labels), value in samples(page(gateway)[2]).items():
        labels = dict(labels)
        if name == "gatehouse_requests_total" and labels["tenant"] == "gamma":
            found[labels["status"]] = found.get(labels["status"], 0) + value
    return found


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
        def used():
            return sum(row["requests"] for row in gateway.created("usage", "show", "gamma")["rows"])
        wait_for(lambda: used() >= 2, 5, "usage of gamma")
        require(used() == 2, f"{used()} requests")

    @check("the metrics of a tenant that is gone go, and one made anew has its own only")
    def _():
        due = {"200": 2, "429": 1}
        wait_for(lambda: counted(gateway) == due, 5, "three requests of the second gamma")
        gateway.command("tenants", "delete", "gamma")
        require(not counted(gateway), f"without a tenant {counted(gateway)}")
        gamma = Anew(gateway, backend)
        require(not counted(gateway), f"before its first request {counted(gateway)}")
        require(gamma.statuses() == [200, 200, 429], "the quota does not hold")
        wait_for(lambda: counted(gateway) == due, 5, "three requests of the third gamma")

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

    @check("an endpoint's token opens nothing that was made later under its name")
    def _():
        gateway.command("tenants", "delete", "gamma")
        gamma = Anew(gateway, backend, count=100)
        token = gamma.token()
        require(gamma.opens(token) == 200, "a token of the second in which its endpoint was made is refused")
        time.sleep(1.1)
        gateway.command("endpoints", "delete", "gamma/open")
        gamma.make_endpoint()
        require(gamma.opens(token) == 403, f"the endpoint before it gave a token that gets {gamma.opens(token)}")
        gateway.command("tenants", "delete", "gamma")
        gamma = Anew(gateway, backend, count=100)
        # Its principal is gone too.
        require(gamma.opens(token) == 401, f"the tenant before it gave a token that gets {gamma.opens(token)}")
        require(gamma.opens(gamma.token()) == 200, "a token of its own is refused")


with Gateway(Setting(), "anew", threads=2) as gateway:
    perform(gateway, gateway.backend("echo"))
check.finish()
