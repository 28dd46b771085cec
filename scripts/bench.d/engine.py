"""Measures the embedded pool, called through the gateway with TLS and a key, beside the engine's own server.

Both have the same model file, slots, context and threads and are asked for the same greedy chats, in turn, several rounds;
streams of one round begin together. See ../bench for what it needs.
"""
import argparse
import json
import pathlib
import random
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import bench
import peers

TOKENS = 96
# Seconds between two measurements.
REST = 1.5
# The model's two ends of text: a bias keeps answers from ending early, so that all have the same length.
ENDS = {"0": -100, "2": -100}
SUBJECTS = ["the sea", "a lighthouse", "two brothers", "an old clock", "a red kite", "the first snow", "a lost key",
            "a night train", "the baker", "a small island", "the last bus", "a blue door", "the oak tree", "a map",
            "the river", "a silent bell"]


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench --engine", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--streams", default="1,4,8,16", help="how many at once, separated by commas")
    parser.add_argument("--threads", type=int, default=2, help="decode threads of either side")
    parser.add_argument("--seconds", type=int, default=15, help="length of one measurement with long prompts")
    parser.add_argument("--chats", type=int, default=4, help="short chats beside the long prompts")
    parser.add_argument("--prompt", type=int, default=1500, help="tokens of a long prompt, one of which comes a second")
    parser.add_argument("--check", action="store_true", help="exit with 1 unless tokens/s are at least those of the "
                        "engine's server, the time to the first token at most 1.1 times and the p95 gap at most half of its")
    parser.add_argument("--json", help="also write every round to this file")
    for name in ["gatehouse", "server", "model"]:
        parser.add_argument(f"--{name}", required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


class Side:
    """One server: how it is started, reached and asked."""

    slots, context = 16, 2048
    # What only this side's requests say.
    own = {}

    def __init__(self, options, directory):
        self.options, self.directory = options, directory
        self.port, self.headers, self.tls, self.process = peers.free_port(), {}, None, None

    def launch(self, command, environment=None):
        log = open(self.directory / f"{self.name}.log", "wb")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                        env=environment)

    def wait(self):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if Stream(self, "Hello.", 1).run().tokens:
                    return
            except (OSError, ValueError):
                time.sleep(0.2)
        log = (self.directory / f"{self.name}.log").read_text(errors="replace")
        raise SystemExit(f"{self.name} did not start:\n{log[-2000:]}")

    def connect(self):
        plain = socket.create_connection(("localhost", self.port), timeout=300)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.tls.wrap_socket(plain, server_hostname="localhost") if self.tls else plain

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)


class Engine(Side):
    name = "engine's server"
    own = {"cache_prompt": False}

    def start(self):
        self.launch([self.options.server, "-m", self.options.model, "--port", str(self.port), "-t",
                     str(self.options.threads), "-tb", str(self.options.threads), "-np", str(self.slots), "-c",
                     str(self.slots * self.context), "--cache-ram", "0", "--no-warmup"])
        self.wait()


class Gatehouse(Side):
    name = "gatehouse"

    def start(self):
        values = {"DIR": self.directory, "PORT": self.port, "ADMIN": peers.free_port(),
                  "CERTIFICATE": self.directory / "server.pem", "CERTIFICATE_KEY": self.directory / "server.key"}
        subprocess.run([self.options.gatehouse, "certs", "init", "--directory", self.directory, "--name", "localhost",
                        "--name", "127.0.0.1"],
                       check=True, stdout=subprocess.DEVNULL)
        self.configuration = peers.render("gatehouse.yaml", self.directory / "gatehouse.yaml", values)
        self.configuration.write_text(self.configuration.read_text().replace("threads: 1\n", ""))
        self.launch([self.options.gatehouse, "serve", "--config", self.configuration])
        self.tls = ssl.create_default_context(cafile=self.directory / "ca.pem")
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                self.connect().close()
                break
            except OSError:
                time.sleep(0.1)
        self.command("tenants", "create", "demo")
        self.command("models", "register", "demo/model", "--version", "1", "--path", self.options.model)
        documents = peers.render("engine-endpoint.yaml", self.directory / "endpoint.yaml", {
            "SLOTS": self.slots, "CONTEXT": self.context, "THREADS": self.options.threads})
        self.command("apply", "-f", documents)
        keys = json.loads(self.command("keys", "list", "demo/bench", "--output", "json"))
        self.headers = {"api-key": keys["primaryKey"]}
        self.wait()

    def command(self, *words):
        return subprocess.run([self.options.gatehouse, *words, "--config", self.configuration], check=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True).stdout


class Stream:
    """One streamed chat: when it was asked and when each token came, in seconds of the monotonic clock."""

    def __init__(self, side, text, tokens):
        self.side, self.arrivals, self.tokens, self.prompt_tokens, self.text = side, [], 0, 0, []
        body = {"model": "bench", "messages": [{"role": "user", "content": text}], "temperature": 0, "max_tokens": tokens,
                "logit_bias": ENDS, "stream": True, "stream_options": {"include_usage": True}, **side.own}
        body = json.dumps(body).encode()
        head = ["POST /v1/chat/completions HTTP/1.1", "host: localhost", "content-type: application/json",
                f"content-length: {len(body)}", *(f"{name}: {value}" for name, value in side.headers.items())]
        self.request = "\r\n".join(head).encode() + b"\r\n\r\n" + body

    def run(self, connection=None):
        connection = connection or self.side.connect()
        self.started = time.monotonic()
        connection.sendall(self.request)
        lines = connection.makefile("rb")
        status = lines.readline()
        if b" 200 " not in status:
            raise ValueError(f"{self.side.name}: {status!r} {lines.read(400)!r}")
        for line in lines:
            if not line.startswith(b"data: {"):
                if line.startswith(b"data: [DONE]"):
                    break
                continue
            now = time.monotonic()
            event = json.loads(line[6:])
            if event.get("usage"):
                self.tokens = event["usage"]["completion_tokens"]
                self.prompt_tokens = event["usage"]["prompt_tokens"]
            if event["choices"] and (piece := event["choices"][0]["delta"].get("content")):
                self.arrivals.append(now)
                self.text.append(piece)
        self.ended = time.monotonic()
        connection.close()
        return self

    @property
    def first(self):
        return self.arrivals[0] - self.started

    @property
    def gaps(self):
        return [later - sooner for sooner, later in zip(self.arrivals, self.arrivals[1:])]


def at_once(streams):
    """Runs these streams on connections that are open already."""
    connections = [stream.side.connect() for stream in streams]
    problems = []

    def run(stream, connection):
        try:
            stream.run(connection)
        except (OSError, ValueError) as problem:
            problems.append(problem)

    threads = [threading.Thread(target=run, args=pair) for pair in zip(streams, connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise SystemExit(f"a stream failed: {problems[0]}")


def chats(side, count, number):
    """The speed and the time to the first token of so many streams that begin together."""
    streams = [Stream(side, f"Tell a long story about {SUBJECTS[(number + index) % len(SUBJECTS)]}.", TOKENS)
               for index in range(count)]
    at_once(streams)
    if any(stream.tokens != TOKENS for stream in streams):
        raise SystemExit(f"{side.name}: answers of {[stream.tokens for stream in streams]} tokens, not {TOKENS}")
    seconds = max(stream.ended for stream in streams) - min(stream.started for stream in streams)
    return {"rate": TOKENS * count / seconds, "first": statistics.median(stream.first for stream in streams),
            "text": ["".join(stream.text) for stream in streams]}


def beside_long(side, options, number):
    """The gaps between the tokens of short chats while a long prompt arrives every second."""
    end, gaps, long_streams, threads, problems = time.monotonic() + options.seconds, [], [], [], []

    def talk(index):
        try:
            while time.monotonic() < end:
                stream = Stream(side, f"Tell a story about {SUBJECTS[index % len(SUBJECTS)]}.", 64).run()
                gaps.extend(stream.gaps)
        except (OSError, ValueError) as problem:
            problems.append(problem)

    def read(stream):
        try:
            long_streams.append(stream.run())
        except (OSError, ValueError) as problem:
            problems.append(problem)

    for index in range(options.chats):
        threads.append(threading.Thread(target=talk, args=[index]))
        threads[-1].start()
    words = random.Random(number)
    while time.monotonic() < end:
        # Each begins otherwise, so that nothing of it is kept from another.
        text = " ".join(words.choice(SUBJECTS) for _ in range(options.prompt * 10 // 27))
        threads.append(threading.Thread(target=read, args=[Stream(side, text + " Summarise.", 8)]))
        threads[-1].start()
        time.sleep(1)
    for thread in threads:
        thread.join()
    if problems:
        raise SystemExit(f"{side.name}: a stream failed: {problems[0]}")
    gaps.sort()
    return {"gap": gaps[len(gaps) * 95 // 100], "longest": gaps[-1], "tokens": len(gaps),
            "prompt": statistics.median(stream.prompt_tokens for stream in long_streams),
            "first": statistics.median(stream.first for stream in long_streams)}


def compare(rounds, field, word, bound=None):
    """Prints the median ratio of ours to theirs, with its interval; what is wrong with it, where it has a bound."""
    ratios = [ours[field] / theirs[field] for ours, theirs in rounds]
    low, high = bench.interval(ratios)
    ours, theirs = (statistics.median(side[field] for side in sides) for sides in zip(*rounds))
    scale, unit = {"rate": (1, "/s"), "tokens": (1, "")}.get(field, (1000, " ms"))
    print(f"  {word}: {ours * scale:.1f} against {theirs * scale:.1f}{unit}, {statistics.median(ratios):.3f} "
          f"(95 % interval {low:.3f} to {high:.3f})", flush=True)
    ratio = statistics.median(ratios)
    is_good = bound is None or (ratio >= bound if field == "rate" else ratio <= bound)
    return [] if is_good else [f"{word}: {ratio:.3f}, not {bound:g}"]


def measure(sides, options):
    ours, theirs = sides
    print(f"{pathlib.Path(options.model).name}, {options.threads} threads, {Side.slots} slots of {Side.context} tokens, "
          f"{TOKENS} tokens an answer, medians of {options.rounds} rounds in turn: ours against theirs")
    every, problems = {}, []

    def turns(call):
        rounds = []
        for number in range(options.rounds):
            order = sides if number % 2 == 0 else sides[::-1]
            results = {}
            for side in order:
                # Threads of the other may still spin for their next step: they would be measured here.
                time.sleep(REST)
                results[side.name] = call(side, number)
            rounds.append((results[ours.name], results[theirs.name]))
        return rounds

    for count in map(int, options.streams.split(",")):
        rounds = every[f"{count} streams"] = turns(lambda side, number: chats(side, count, number))
        print(f"{count} streams")
        problems += compare(rounds, "rate", f"tokens, {count} streams", 1.0)
        problems += compare(rounds, "first", f"time to the first token, p50, {count} streams", 1.1)
        if count == 1:
            same = sum(ours["text"] == theirs["text"] for ours, theirs in rounds)
            print(f"  the same text in {same} of {len(rounds)} rounds")
    rounds = every["long prompts"] = turns(lambda side, number: beside_long(side, options, number))
    prompt = statistics.median(side["prompt"] for pair in rounds for side in pair)
    print(f"{options.chats} chats beside a prompt of {prompt:.0f} tokens every second")
    problems += compare(rounds, "gap", "gap between tokens, p95", 0.5)
    compare(rounds, "longest", "longest gap")
    compare(rounds, "tokens", "pieces of the chats, all in all")
    compare(rounds, "first", "time to the first token of the long prompts, p50")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(every, indent=1))
    if options.check and problems:
        raise SystemExit("not within bounds: " + "; ".join(problems))


def main():
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="gatehouse-bench-") as directory:
        sides = [Gatehouse(options, pathlib.Path(directory)), Engine(options, pathlib.Path(directory))]
        try:
            for side in sides:
                side.start()
            measure(sides, options)
        finally:
            for side in sides:
                side.stop()


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    main()
