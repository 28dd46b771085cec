"""How long a refused key takes to be refused: one of no form of ours, and one that begins as a real one does (K-2)."""
import random
import re
import socket
import ssl
import statistics
import string
import time

from harness import Checks, Gateway, Setting, require, to, upstream_documents

check = Checks("timing")
TRIES, KEYS = 20000, 100
# A client address's refused credentials within a minute that are answered at once: so many tries on a connection.
AT_ONCE = 20
MOST_DIFFERENCE = 0.05
# Of the tries, at either end: the machine does other things as well.
TRIMMED = 0.05
ALPHABET = string.ascii_letters + string.digits + "-_"


def letters(count):
    return "".join(random.choices(ALPHABET, k=count))


class Unknown:
    """Keys that begin like none."""
    words = "unknown"

    def __init__(self, keys):
        self.length = len(keys[0])

    def next(self):
        return "x" + letters(self.length - 1)


class Wrong:
    """Keys of which the beginning is a real one's, up to all but the last letter."""
    words = "wrong"

    def __init__(self, keys):
        self.keys = keys

    def next(self):
        key = random.choice(self.keys)
        kept = random.randint(4, len(key) - 1)
        last = random.choice([letter for letter in ALPHABET if letter != key[kept]])
        return key[:kept] + last + letters(len(key) - kept - 1)


class Connection:
    """A kept TLS connection of an address of its own."""

    def __init__(self, gateway, context, number):
        # Loopback has sixteen million of them.
        source = f"127.9.{number // 250}.{number % 250 + 1}"
        plain = socket.create_connection(("127.0.0.1", gateway.port), 30, source_address=(source, 0))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(plain, server_hostname="localhost")
        require(self.ask("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")[1] == 200, "/healthz is not well")

    def ask(self, request):
        """Nanoseconds until the whole answer is there, and its status."""
        data = request.encode()
        began = time.perf_counter_ns()
        self.socket.sendall(data)
        answer = self.socket.recv(65536)
        while not self.is_whole(answer):
            more = self.socket.recv(65536)
            require(more, f"closed after {answer[:100]}")
            answer += more
        return time.perf_counter_ns() - began, int(answer[9:12])

    @staticmethod
    def is_whole(answer):
        head, end, body = answer.partition(b"\r\n\r\n")
        return end and len(body) >= int(re.search(rb"(?i)content-length: *(\d+)", head).group(1))

    def refuse(self, key):
        took, status = self.ask("POST /demo/plain/score HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n"
                                f"content-type: application/json\r\napi-key: {key}\r\n\r\n{{}}")
        require(status == 401, f"status {status}")
        return took


def measure(gateway, kinds):
    """Of each kind the nanoseconds of every try, one after another in turns whose order is drawn."""
    context = ssl.create_default_context(cafile=str(gateway.authority))
    took = [[] for _ in kinds]
    for turn in range(TRIES // AT_ONCE):
        connections = [Connection(gateway, context, turn * len(kinds) + index) for index in range(len(kinds))]
        # Made beforehand: what a client does between its tries shows in how fast the next one is answered.
        tries = [(index, kinds[index].next()) for _ in range(AT_ONCE)
                 for index in random.sample(range(len(kinds)), len(kinds))]
        for index, key in tries:
            took[index].append(connections[index].refuse(key))
        for connection in connections:
            connection.socket.close()
    return took


def middle(values):
    cut = int(len(values) * TRIMMED)
    return sorted(values)[cut:len(values) - cut]


with Gateway(setting := Setting(), "timing") as gateway:
    gateway.apply(upstream_documents("plain", to(gateway.backend("echo"))))
    keys = [gateway.manage("POST", "demo/keys", {"name": f"key-{index}"})["key"] for index in range(KEYS)]

    @check(f"an unknown key and a wrong one with a known beginning are refused equally fast, {TRIES} tries each: the"
           f" means of the middle {1 - 2 * TRIMMED:.0%} differ by less than {MOST_DIFFERENCE:.0%}")
    def _():
        kinds = [Unknown(keys), Wrong(keys)]
        took = measure(gateway, kinds)
        # An address that is slowed would hide the difference.
        slowest = max(map(statistics.median, took))
        require(slowest < 100e6, f"the median is {slowest / 1e6:.0f} ms: credentials of one address are slowed")
        parts = [middle(values) for values in took]
        means = [statistics.fmean(part) for part in parts]
        difference = abs(means[0] - means[1]) / min(means)
        told = ", ".join(
            f"{kind.words} {mean / 1000:.2f} us ± {statistics.stdev(part) / len(part) ** 0.5 / 1000:.2f}"
            f" (all {statistics.fmean(values) / 1000:.2f})"
            for kind, mean, part, values in zip(kinds, means, parts, took))
        require(difference < MOST_DIFFERENCE, f"{difference:.1%} apart: {told}")
        return f"{difference:.2%} apart: {told}"
check.finish()
