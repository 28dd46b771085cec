"""Measures Gatehouse and its peers at the same work, in turn, several rounds; see ../bench for what it needs."""
import argparse
import json
import math
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

import peers

NAMES = ["gatehouse", "gatehouse-limits", "gatehouse-captures", "gatehouse-before", "envoy", "haproxy", "nginx"]


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="length of one measurement")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--peers", default="gatehouse,envoy,haproxy,nginx", help="which, separated by commas")
    parser.add_argument("--bytes", type=int, default=0, help="size of the request's and the answer's body; of a short chat if "
                        "not given")
    parser.add_argument("--check", action="store_true", help="only show that keys and split work, measure nothing")
    parser.add_argument("--json", help="also write every round to this file")
    parser.add_argument("--at-most", type=bound, metavar="[PEER:PEER=]RATIO", help="exit with 1 when the CPU per "
                        "request of the first peer is more than this many times the second's (median of the paired "
                        "rounds), e.g. gatehouse-limits:gatehouse=1.05; gatehouse and Envoy where no peers are named")
    parser.add_argument("--loops", action="store_true", help="hold --at-most against the CPU of the event loops alone")
    parser.add_argument("--gatehouse", default="", help=argparse.SUPPRESS)
    parser.add_argument("--before", default="", help=argparse.SUPPRESS)
    parser.add_argument("--envoy", default="", help=argparse.SUPPRESS)
    parser.add_argument("--print-configuration", action="store_true", help="print the peers' whole configuration files")
    options = parser.parse_args()
    options.names = [name for name in options.peers.split(",") if name]
    unknown = set(options.names) - set(NAMES)
    if unknown:
        parser.error(f"unknown peer {', '.join(sorted(unknown))}; known: {', '.join(NAMES)}")
    if "gatehouse-before" in options.names and not options.before:
        parser.error("gatehouse-before is an earlier program: name it with GATEHOUSE_BEFORE=FILE")
    if options.at_most is not None:
        check_bound(parser, options)
    return options


def bound(text):
    """What `--at-most` says: the two peers and the ratio."""
    names, equals, ratio = text.rpartition("=")
    pair = tuple(names.split(":")) if equals else ("gatehouse", "envoy")
    if len(pair) != 2 or not set(pair) <= set(NAMES) or pair[0] == pair[1]:
        raise argparse.ArgumentTypeError(f"{names} is not PEER:PEER, two of {', '.join(NAMES)}")
    try:
        return pair, float(ratio)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{ratio} is no number") from None


def check_bound(parser, options):
    """A bound that nothing would be held against is an error, not a success."""
    pair, ratio = options.at_most
    if not 0 < ratio < math.inf:
        parser.error("--at-most needs a number above 0")
    if options.check:
        parser.error("--at-most needs a measurement, and --check measures nothing")
    if options.loops and not all(name.startswith("gatehouse") for name in pair):
        parser.error("--loops compares two gatehouses: of others it is not known which threads are event loops")
    if missing := set(pair) - set(options.names):
        parser.error(f"--at-most compares {pair[0]} with {pair[1]}: {', '.join(sorted(missing))} is not among --peers")
    if not options.gatehouse:
        parser.error("--at-most needs a gatehouse program")


class Bench:
    """What all peers share: the folder, the certificate, the backend and the programs."""

    def __init__(self, directory, options):
        self.directory, self.options = directory, options
        self.gatehouse, self.before, self.envoy = options.gatehouse, options.before, options.envoy
        self.authority = directory / "ca.pem"
        self.body = peers.grown(peers.BODY, options.bytes)
        self.answer = peers.grown(peers.ANSWER, options.bytes or peers.ANSWER_BYTES)
        self.values = {
            "DIR": directory, "BLUE": peers.free_port(), "GREEN": peers.free_port(), "ANSWER": self.answer,
            "CERTIFICATE": directory / "server.pem", "CERTIFICATE_KEY": directory / "server.key",
        }
        self.backend = None

    def make_certificate(self):
        """An EC P-256 certificate from Gatehouse's own command, or from openssl where the program is absent."""
        if self.gatehouse:
            subprocess.run([self.gatehouse, "certs", "init", "--directory", str(self.directory), "--name", "localhost",
                            "--name", "127.0.0.1"], check=True, stdout=subprocess.DEVNULL)
            return
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]
        quiet = dict(check=True, cwd=self.directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run(["openssl", "req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem",
                        "-subj", "/CN=Gatehouse bench CA"], **quiet)
        subprocess.run(["openssl", "req", "-x509", *curve, "-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", "server.key",
                        "-out", "server.pem", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-addext", "basicConstraints=critical,CA:FALSE"], **quiet)

    def start_backend(self):
        configuration = peers.render("backend.nginx.conf", self.directory / "backend.nginx.conf", self.values)
        self.backend = subprocess.Popen(
            ["nginx", "-e", str(self.directory / "backend.error.log"), "-c", str(configuration)],
            stdin=subprocess.DEVNULL)

    def measure(self, peer, seconds):
        """One run of wrk against one peer: what the caller saw and what it cost the peer."""
        before, loops = peers.cpu_ticks(peer.process.pid), peers.loop_ticks(peer.process.pid)
        run = subprocess.run(
            ["wrk", "-t1", f"-c{self.options.connections}", f"-d{seconds}s", "--latency", "-s",
             str(peers.HERE / "request.lua"), f"https://localhost:{peer.port}"],
            env=dict(os.environ, BENCH_KEY=peer.key, BENCH_BODY=self.body), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        after = peers.cpu_ticks(peer.process.pid)
        loops = peers.loop_ticks(peer.process.pid) - loops
        lines = [line for line in run.stdout.splitlines() if line.startswith("RESULT ")]
        if not lines or peer.process.poll() is not None:
            raise SystemExit(f"{peer.name}: the measurement broke off:\n{run.stdout[-2000:]}")
        result = json.loads(lines[0].removeprefix("RESULT "))
        if result["failed"] or not result["requests"]:
            raise SystemExit(f"{peer.name}: {result['failed']} of {result['requests']} requests failed")
        per_request = 1e6 / peers.TICK / result["requests"]
        microseconds = [(b - a) * per_request for a, b in zip(before, after)]
        return {
            "peer": peer.name, "rate": result["requests"] * 1e6 / result["microseconds"], "p50": result["p50"],
            "p99": result["p99"], "user": microseconds[0], "system": microseconds[1], "cpu": sum(microseconds),
            "loops": loops * per_request,
        }


def interval(ratios):
    """Bootstrap 95 % interval of the median; the seed is fixed so that the same rounds give the same interval."""
    chance = random.Random(1)
    medians = sorted(statistics.median(chance.choices(ratios, k=len(ratios))) for _ in range(10_000))
    return medians[249], medians[9749]


def print_results(rounds, names):
    print(f"\nmedian of {len(rounds)} rounds")
    print(f"{'peer':<16} {'requests/s':>10} {'p50 us':>8} {'p99 us':>8} {'CPU us/request':>15} {'user':>6} "
          f"{'system':>7}")
    for name in names:
        row = {field: statistics.median(r[name][field] for r in rounds)
               for field in ["rate", "p50", "p99", "cpu", "user", "system"]}
        print(f"{name:<16} {row['rate']:>10.0f} {row['p50']:>8.0f} {row['p99']:>8.0f} {row['cpu']:>15.2f} "
              f"{row['user']:>6.2f} {row['system']:>7.2f}")
    first = names[0] if "gatehouse" not in names else "gatehouse"
    for costly in {"gatehouse-limits", "gatehouse-captures"} & set(names):
        # What limits or captures cost: the side with them over the side without.
        first = costly
    for other in [name for name in names if name != first]:
        ratios = [r[first]["cpu"] / r[other]["cpu"] for r in rounds]
        low, high = interval(ratios)
        print(f"CPU per request, {first} : {other} = {statistics.median(ratios):.3f} "
              f"(median of paired rounds, 95 % interval {low:.3f} to {high:.3f})")
        if first.startswith("gatehouse") and other.startswith("gatehouse"):
            ratios = [r[first]["loops"] / r[other]["loops"] for r in rounds]
            low, high = interval(ratios)
            print(f"  of the event loops alone {statistics.median(ratios):.3f} ({low:.3f} to {high:.3f})")


def print_setting(bench, running):
    versions = {
        "envoy": [bench.envoy, "--version"], "haproxy": ["haproxy", "-v"], "nginx": ["nginx", "-v"],
    }
    options = bench.options
    print(f"TLS, HTTP/1.1 keep-alive, {options.connections} connections from wrk with 1 thread, "
          f"POST of {len(bench.body)} bytes, answer of {len(bench.answer)} bytes, {options.seconds} s a run, "
          "one worker thread each")
    for peer in running:
        command = versions.get(peer.name) or [peer.program, "version"]
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        version = next((line.strip() for line in run.stdout.splitlines() if line.strip()), "?")
        version = version.rpartition("version: ")[2]
        files = {"envoy": "envoy.yaml", "haproxy": "haproxy.cfg", "nginx": "nginx.conf"}.get(
            peer.name, f"gatehouse.yaml and {peer.work}-endpoint.yaml")
        print(f"  {peer.name}: scripts/bench.d/{files} ({version})")
        if options.print_configuration:
            for configuration in peer.configuration:
                print("".join(f"    {line}\n" for line in configuration.read_text().splitlines()))


def run(bench, running):
    options = bench.options
    print_setting(bench, running)
    for peer in running:
        counts = peer.show()
        print(f"{peer.name}: wrong key refused with 401; of 1,000 requests blue had {counts['blue']}, "
              f"green {counts['green']}", flush=True)
    if options.check:
        return
    for peer in running:
        bench.measure(peer, 1)
    rounds = []
    for number in range(options.rounds):
        # Each round begins with another peer, so that none always runs on the coolest or the busiest machine.
        turn = number % len(running)
        results = {peer.name: bench.measure(peer, options.seconds) for peer in running[turn:] + running[:turn]}
        rounds.append(results)
        print(f"round {number + 1}: " + ", ".join(
            f"{name} {result['cpu']:.2f} us at {result['rate']:.0f}/s" for name, result in results.items()), flush=True)
    print_results(rounds, [peer.name for peer in running])
    for peer in running:
        if peer.work == "gatehouse-captures":
            print(f"captures of {peer.name}: " + ", ".join(f"{count} {result}" for result, count in peer.captures().items()))
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(rounds, indent=1))
    if options.at_most is not None:
        hold(rounds, *options.at_most, "loops" if options.loops else "cpu")


def hold(rounds, pair, most, field):
    first, second = pair
    ratio = statistics.median(r[first][field] / r[second][field] for r in rounds)
    if ratio > most:
        raise SystemExit(f"too much CPU: {first} : {second} = {ratio:.3f}, at most {most:g} is allowed")
    print(f"{first} : {second} = {ratio:.3f} is within {most:g}")


def main():
    options = arguments()
    if not options.gatehouse and any(name.startswith("gatehouse") for name in options.names):
        options.names = [name for name in options.names if not name.startswith("gatehouse")]
        print("gatehouse is not built: measuring its peers only")
    with tempfile.TemporaryDirectory(prefix="gatehouse-bench-") as directory:
        bench = Bench(pathlib.Path(directory), options)
        running = []
        # nginx's worker may run as another user, which must reach the folder.
        os.chmod(directory, 0o755)
        try:
            bench.make_certificate()
            bench.start_backend()
            time.sleep(0.3)
            for name in options.names:
                peer = peers.Peer(name, bench)
                running.append(peer)
                peer.start()
            run(bench, running)
        finally:
            for peer in running:
                peer.stop()
            if bench.backend:
                bench.backend.terminate()
                bench.backend.wait()


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    main()
