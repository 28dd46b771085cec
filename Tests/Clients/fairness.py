"""Fairness: one caller fills the queue of an instance that takes one request at a time; another's is next."""
import asyncio
import json
import random
import resource
import ssl
import threading
import time

from harness import Checks, Gateway, Setting, require, to, upstream_documents, wait_for

check = Checks("fairness")
setting = Setting()
WAITING = 1000 if setting.is_long else 200
SERVICE = 0.2 if setting.is_long else 0.04
TURNS = 100 if setting.is_long else 30
# Who comes right behind a start waits for all of that service; what its way there and the gateway's and the backend's
# own work take is on top.
WAY = 0.05


class Flood:
    """A caller that always has `WAITING` requests waiting, each on a connection of its own.

    An answer is followed by the next request: of two more than wait, one is served and one may be on its way.
    """

    def __init__(self, gateway, key):
        self.gateway, self.sent, self.answered, self.statuses = gateway, 0, 0, {}
        self.request = (f"POST /demo/narrow/score HTTP/1.1\r\nhost: localhost\r\napi-key: {key}\r\n"
                        "content-type: application/json\r\ncontent-length: 2\r\n\r\n{}").encode()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    @property
    def waiting(self):
        return self.sent - self.answered - 1

    def run(self):
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_until_complete(self.all())
        except asyncio.CancelledError:
            pass

    async def all(self):
        self.task = asyncio.current_task()
        # A handshake has 10 s: not all at once.
        self.gate = asyncio.Semaphore(20)
        await asyncio.gather(*(self.one() for _ in range(WAITING + 2)))

    async def one(self):
        context = ssl.create_default_context(cafile=str(self.gateway.authority))
        async with self.gate:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", self.gateway.port, ssl=context, server_hostname="localhost")
        try:
            while True:
                writer.write(self.request)
                self.sent += 1
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                await reader.readexactly(int(head.partition("content-length:")[2].split()[0]))
                status = int(head.split()[1])
                self.answered += 1
                self.statuses[status] = self.statuses.get(status, 0) + 1
        finally:
            writer.transport.abort()

    def stop(self):
        self.loop.call_soon_threadsafe(self.task.cancel)
        self.thread.join(30)


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


_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
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
    flood = Flood(gateway, gateway.key("narrow"))
    wait_for(lambda: flood.waiting > WAITING, 120, f"{WAITING} wait")
    # The last ones are still on their way.
    time.sleep(1)
    check_turns(gateway, flood, "B, another caller of the tenant,", "/demo/narrow/score", keys[0])
    check_turns(gateway, flood, "B of another tenant", "/other/narrow/score", keys[1])
    flood.stop()
check.finish()
