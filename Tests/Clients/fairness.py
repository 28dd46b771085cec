"""Fairness: one caller fills the queue of an instance that takes one request at a time; another's is next."""
import json
import random
import time

from flood import Flood, allow_descriptors
from harness import Checks, Gateway, Setting, require, to, upstream_documents, wait_for

check = Checks("fairness")
setting = Setting()
WAITING = 1000 if setting.is_long else 200
SERVICE = 0.2 if setting.is_long else 0.04
TURNS = 100 if setting.is_long else 30
# Who comes right behind a start waits for all of that service; what its way there and the gateway's and the backend's
# own work take is on top.
WAY = 0.05


def ask(connection, path, key):
    """When a request was sent, and the backend's answer."""
    sent = time.monotonic()
    connection.request("POST", path, "{}", {"api-key": key, "content-type": "application/json"})
    response = connection.getresponse()
    content = response.read()
    require(response.status == 200, f"{response.status}: {content[:200]}")
    return sent, json.loads(content)


def check_turns(gateway, flood, who, path, key):
    @check(f"A has {WAITING:,} waiting: a single request of {who} starts within one service time"
           f" ({SERVICE * 1000:.0f} ms), {TURNS} of {TURNS}")
    def _():
        connection = gateway.connection(timeout=120)
        waits = []
        for index in range(TURNS):
            # At any moment of A's service.
            time.sleep(random.uniform(0, SERVICE))
            require(flood.waiting >= WAITING, f"{flood.waiting} wait")
            sent, answer = ask(connection, path, key)
            require(answer["most"] == 1, f"{answer['most']} were served at once")
            waits.append(answer["started"] - sent)
            between = sum(start > sent for start in answer["earlier"])
            # At most the one whose turn began while B's was on its way.
            require(between <= 1, f"turn {index}: {between} of A's were started first, after {waits[-1] * 1000:.0f} ms")
        connection.close()
        require(set(flood.statuses) == {200}, f"A's answers: {flood.statuses}")
        late = [wait for wait in waits if wait > SERVICE + WAY]
        told = (f"{sum(wait <= SERVICE for wait in waits)} within {SERVICE * 1000:.0f} ms sharp, the longest after "
                f"{max(waits) * 1000:.1f} ms")
        # The short form runs beside others, where 40 ms are soon lost: there the order counts.
        require(not late or not setting.is_long, f"{len(late)} later than one service time and its way; {told}")
        return told


allow_descriptors()
with Gateway(setting, "fairness") as gateway:
    backend = gateway.backend("turns", "--delay", SERVICE)
    gateway.command("tenants", "create", "other")
    for tenant in ["demo", "other"]:
        path = gateway.directory / f"{tenant}.yaml"
        path.write_text(upstream_documents("narrow", to(
            backend, max_concurrent_requests_per_instance=1, max_queue_wait_ms=600000, request_timeout_ms=120000),
            tenant=tenant))
        gateway.command("apply", "-f", path)
    keys = [gateway.created("keys", "named", "create", f"{tenant}/bob")["key"] for tenant in ["demo", "other"]]
    flood = Flood(gateway, gateway.key("narrow"), "/demo/narrow/score", "{}", WAITING)
    wait_for(lambda: flood.waiting > WAITING, 120, f"{WAITING} wait")
    # The last ones are still on their way.
    time.sleep(1)
    check_turns(gateway, flood, "B, another caller of the tenant,", "/demo/narrow/score", keys[0])
    check_turns(gateway, flood, "B of another tenant", "/other/narrow/score", keys[1])
    flood.stop()
check.finish()
