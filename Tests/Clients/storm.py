"""Many requests at once: HTTP/2 connections that begin together, and every single answer."""
import asyncio
import collections
import dataclasses
import json
import os
import pathlib
import re
import ssl
import urllib.request

import h2.config
import h2.connection
import h2.events

from harness import require

CONNECTIONS = 20


@dataclasses.dataclass
class Answer:
    """What came back; status 0 = nothing did."""
    status: int = 0
    headers: dict = dataclasses.field(default_factory=dict)
    body: bytes = b""
    is_whole: bool = False


class Storm:
    """`requests` are pairs of a path and headers, with a body as third where it is a POST.

    Every event loop of the gateway has its part of them, unless the connections are too few for that.
    """

    def __init__(self, gateway, requests, connections=CONNECTIONS, source=None, on_answers=None, seconds=60):
        self.gateway, self.requests, self.seconds, self.source = gateway, requests, seconds, source
        self.answers = [Answer() for _ in requests]
        self.done, self.on_answers = 0, on_answers
        # Of each connection, in the order in which its requests are sent.
        self.shares = [range(first, len(requests), connections) for first in range(min(connections, len(requests)))]

    def run(self):
        asyncio.run(asyncio.wait_for(self.all(), self.seconds))
        return self.answers

    async def all(self):
        links = await asyncio.gather(*(self.connect() for _ in self.shares))
        self.look_at_loops([writer.get_extra_info("sockname")[1] for _, writer, _ in links])
        await asyncio.gather(*(self.drive(*link, share) for link, share in zip(links, self.shares)))

    def look_at_loops(self, ports):
        """NIO hands accepted connections to its loops in turn: seen here, not believed."""
        loops = collections.Counter(watchers(self.gateway, ports).values())
        require(sum(loops.values()) == len(ports), f"of {len(ports)} connections {sum(loops.values())} were found")
        threads = self.gateway.threads
        require(len(ports) < 2 * threads or len(loops) == threads,
                f"{len(ports)} connections reach {len(loops)} of {threads} event loops: {sorted(loops.values())}")

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


def watchers(gateway, ports):
    """Of each of these clients' ports the epoll descriptor by which the gateway watches its connection.

    Every event loop has one of its own, and the kernel tells what it watches.
    """
    process = pathlib.Path(f"/proc/{gateway.process.pid}")
    inodes, sockets, polls = {}, {}, []
    for line in (process / "net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        here, there = (int(address.rpartition(":")[2], 16) for address in fields[1:3])
        if here == gateway.port and there in ports:
            inodes[f"socket:[{fields[9]}]"] = there
    for number in os.listdir(process / "fd"):
        try:
            target = os.readlink(process / "fd" / number)
        except FileNotFoundError:
            continue
        if target in inodes:
            sockets[number] = inodes[target]
        elif target == "anon_inode:[eventpoll]":
            polls.append(number)
    watched = {poll: re.findall(r"^tfd:\s*(\d+)", (process / "fdinfo" / poll).read_text(), re.M) for poll in polls}
    return {sockets[number]: poll for poll, numbers in watched.items() for number in numbers if number in sockets}


def agree(storm, header, unit=1):
    """The headers tell of the decision about each request: a connection's requests are decided as they were sent.

    `unit` is what one request takes. Nothing must have drained by as much since the storm began.
    """
    seen = []
    for share in storm.shares:
        last = None
        for answer in (storm.answers[index] for index in share):
            left = int(answer.headers[f"x-ratelimit-remaining-{header}"])
            require(left >= 0, f"{left} {header} remain")
            if answer.status == 429:
                wait = int(answer.headers["retry-after"])
                require(wait >= 1, f"Retry-After {wait}")
                require(left < unit, f"refused, and {left} {header} remain where one takes {unit}")
                continue
            seen.append(left // unit)
            require(last is None or left // unit < last, f"{left // unit} requests remain after {last} on a connection")
            last = left // unit
    require(len(set(seen)) == len(seen), f"{len(seen)} that passed tell {len(set(seen))} different remainders")


def tell(backend, path):
    """Asks a backend for something, past the gateway."""
    with urllib.request.urlopen(f"http://127.0.0.1:{backend.port}{path}", timeout=10) as answer:
        return json.load(answer)
