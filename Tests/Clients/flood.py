"""A caller with a crowd of requests that wait."""
import asyncio
import resource
import ssl
import threading


def allow_descriptors():
    """As many connections as the machine lets one process have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Flood:
    """A caller that always has `crowd` requests waiting at a gateway, each on a connection of its own.

    An answer is followed by the next request: of two more than wait, one is served and one may be on its way.
    """

    def __init__(self, gateway, key, path, body, crowd):
        self.gateway, self.crowd = gateway, crowd
        self.sent, self.answered, self.statuses = 0, 0, {}
        self.request = (f"POST {path} HTTP/1.1\r\nhost: localhost\r\napi-key: {key}\r\n"
                        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}").encode()
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
        # Unlike gather, a group waits until the last one has given its connection up.
        async with asyncio.TaskGroup() as group:
            for _ in range(self.crowd + 2):
                group.create_task(self.one())

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
