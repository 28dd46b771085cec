"""Many requests at once: HTTP/2 connections that begin together, and every single answer."""
import asyncio
import dataclasses
import ssl

import h2.config
import h2.connection
import h2.events

CONNECTIONS = 20


@dataclasses.dataclass
class Answer:
    """What came back; status 0 = nothing did."""
    status: int = 0
    headers: dict = dataclasses.field(default_factory=dict)
    body: bytes = b""
    is_whole: bool = False


class Storm:
    """`requests` are pairs of a path and headers, with a body as third where it is a POST."""

    def __init__(self, gateway, requests, connections=CONNECTIONS, source=None, on_answers=None, seconds=60):
        self.gateway, self.requests, self.seconds, self.source = gateway, requests, seconds, source
        self.answers = [Answer() for _ in requests]
        self.done, self.on_answers = 0, on_answers
        self.shares = [range(first, len(requests), connections) for first in range(min(connections, len(requests)))]

    def run(self):
        asyncio.run(asyncio.wait_for(self.all(), self.seconds))
        return self.answers

    async def all(self):
        links = await asyncio.gather(*(self.connect() for _ in self.shares))
        await asyncio.gather(*(self.drive(*link, share) for link, share in zip(links, self.shares)))

    async def connect(self):
        context = ssl.create_default_context(cafile=str(self.gateway.authority))
        context.set_alpn_protocols(["h2"])
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.gateway.port, ssl=context, server_hostname="localhost",
            local_addr=self.source and (self.source, 0))
        link = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        link.initiate_connection()
        writer.write(link.data_to_send())
        return reader, writer, link

    async def drive(self, reader, writer, link, share):
        streams = {self.send(link, *self.requests[index]): self.answers[index] for index in share}
        writer.write(link.data_to_send())
        while not all(answer.is_whole for answer in streams.values()):
            data = await reader.read(65536)
            if not data:
                break
            for event in link.receive_data(data):
                self.take(event, streams, link)
            writer.write(link.data_to_send())
        writer.close()

    def send(self, link, path, headers, body=None):
        stream = link.get_next_available_stream_id()
        link.send_headers(stream, [
            (":method", "GET" if body is None else "POST"), (":scheme", "https"), (":path", path),
            (":authority", f"localhost:{self.gateway.port}"), *headers.items(),
            *([("content-type", "application/json"), ("content-length", str(len(body)))] if body is not None else []),
        ], end_stream=body is None)
        if body is not None:
            link.send_data(stream, body, end_stream=True)
        return stream

    def take(self, event, streams, link):
        answer = streams.get(getattr(event, "stream_id", None))
        if answer is None:
            return
        if isinstance(event, h2.events.ResponseReceived):
            answer.headers = dict(event.headers)
            answer.status = int(answer.headers[":status"])
        elif isinstance(event, h2.events.DataReceived):
            answer.body += event.data
            link.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
            answer.is_whole = True
            self.done += 1
            if self.on_answers:
                self.on_answers(self.done)
