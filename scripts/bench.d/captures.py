"""Measures what captures do to calls that come at a steady pace: none is dropped at 1,000 a second, and at 5,000 a second
those that are dropped are counted, p95 stays where it is without captures, and the event loops take at most 1.15 times the
CPU."""
import argparse
import collections
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

import bench
import peers

CONNECTIONS = 50
# Programs that call, each on its part of the connections.
CLIENTS = 10
# By this part the pace of one differs from that of the next.
PACES = 0.01
SIZE = 2048
MOST_P95 = 1.10
MOST_LOOPS = 1.15
# The index begins up to two seconds after many captures came.
REST_SECONDS = 2.5
# Of the threads of captures in that time: hundredths of a second.
REST_TICKS = 3


# An endpoint that is called: its path and its key.
Side = collections.namedtuple("Side", "name path key")


class Gateway(peers.Peer):
    """One gateway that captures what comes to one of its endpoints, and nothing of the other.

    Two processes of the same program differ by a tenth in p95, for as long as they run; of one, nothing but captures does.
    """
    work = "gatehouse-sides"

    def side(self, endpoint, name):
        keys = json.loads(self.command("keys", "list", f"demo/{endpoint}", "--output", "json"))
        return Side(name, f"/demo/{endpoint}/score", keys["primaryKey"])


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench --captures", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="of each side at 5,000 a second")
    parser.add_argument("--seconds", type=int, default=5, help="length of one of them")
    parser.add_argument("--steady", type=int, default=60, help="seconds of 1,000 a second")
    parser.add_argument("--rate", type=int, default=5000, help="requests a second of the paired rounds")
    parser.add_argument("--gatehouse", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.bytes, options.connections, options.before, options.envoy = SIZE, CONNECTIONS, "", ""
    return options


def pace(gateway, side, rate, seconds):
    """Calls at a pace; the times in microseconds, in order, how many calls there were, and what CPU the event loops spent on
    each.

    Calls are to come one by one, as those of many callers do. One h2load lets all of its connections call in the same
    millisecond, for its timers have no less: p95 was that of a burst, 1 or 2 ms by how its timers fell. So there are several,
    each of which begins at a moment of its own and opens a connection every millisecond; and each has a pace of its own, so
    that in one run all meet all: of one pace, those that met at the start met until the end, and p95 of the same gateway was
    0.3 ms in one run and 0.7 ms in the next. The first second is not timed.
    """
    body = gateway.bench.directory / "body.json"
    body.write_text(gateway.bench.body)
    logs = [gateway.bench.directory / f"requests.{number}.log" for number in range(CLIENTS)]
    ticks = peers.loop_ticks(gateway.process.pid)
    runs = []
    for number, log in enumerate(logs):
        log.unlink(missing_ok=True)
        own = rate * (1 + PACES * (number - (CLIENTS - 1) / 2))
        runs.append(subprocess.Popen(
            ["h2load", "--h1", "-t1", f"-c{CONNECTIONS // CLIENTS}", "-r1", "--rate-period=1ms",
             f"--rps={own / CONNECTIONS:g}", f"-n{own * (seconds + 1) // CLIENTS:.0f}", f"-d{body}",
             "-Hcontent-type: application/json", f"-Hapi-key: {side.key}", f"--log-file={log}",
             f"https://localhost:{gateway.port}{side.path}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        time.sleep(random.uniform(0, 0.01))
    said = [run.communicate()[0] for run in runs]
    ticks = peers.loop_ticks(gateway.process.pid) - ticks
    rows = [line.split("\t") for log in logs for line in log.read_text().splitlines()]
    if any(run.returncode for run in runs) or not rows or any(row[1] != "200" for row in rows):
        raise SystemExit(f"{side.name}: not every call was answered with 200:\n{said[0][-2000:]}")
    starts = [int(row[0]) for row in rows]
    begun, took = min(starts), (max(starts) - min(starts)) / 1_000_000
    if took > (seconds + 1) * 1.1 + 0.1:
        raise SystemExit(f"{side.name}: {rate} a second were not reached: {len(rows)} calls in {took:.1f} s")
    return sorted(int(row[2]) for row in rows if int(row[0]) >= begun + 1_000_000), len(rows), ticks / len(rows)


def steady(gateway, side, options):
    before = gateway.captures()
    times, sent, _ = pace(gateway, side, 1000, options.steady)
    after = gateway.settled_captures(before.total() + sent)
    stored, dropped = after["stored"] - before["stored"], after["dropped"] - before["dropped"]
    print(f"1,000/s for {options.steady} s: {sent} sent, {stored} stored, {dropped} dropped, p95 {p95(times) / 1000:.2f} ms")
    return dropped == 0 and stored == sent


def p95(times):
    return times[int(len(times) * 0.95)]


def rest(gateway):
    """Waits until the captures that came are in the index: what is yet to do would slow the next calls, of either side."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        before = peers.thread_ticks(gateway.process.pid, "captures")
        time.sleep(REST_SECONDS)
        if peers.thread_ticks(gateway.process.pid, "captures") - before <= REST_TICKS:
            return
    raise SystemExit("the captures were not in the index within a minute")


def paired(gateway, plain, capturing, options):
    slower, dearer, sent = [], [], 0
    before = gateway.captures()
    for number in range(options.rounds):
        sides = [plain, capturing] if number % 2 == 0 else [capturing, plain]
        calls = {}
        for side in sides:
            rest(gateway)
            calls[side.name] = pace(gateway, side, options.rate, options.seconds)
        (times, _, cost), (times_with, count, cost_with) = calls[plain.name], calls[capturing.name]
        slower.append(p95(times_with) / p95(times))
        dearer.append(cost_with / cost)
        sent += count
        print(f"round {number + 1}: " + ", ".join(
            f"{name} {len(times)} calls, p95 {p95(times) / 1000:.2f} ms, event loops {cost * 1e6 / peers.TICK:.1f} us a call"
            for name, (times, _, cost) in calls.items()), flush=True)
    after = gateway.settled_captures(before.total() + sent)
    stored, dropped = after["stored"] - before["stored"], after["dropped"] - before["dropped"]
    print(f"{options.rate:,}/s: {sent} sent, {stored} stored, {dropped} dropped")
    held = [hold("p95", slower, MOST_P95), hold("CPU of the event loops", dearer, MOST_LOOPS)]
    return all(held) and stored + dropped == sent


def hold(name, ratios, most):
    low, high = bench.interval(ratios)
    print(f"{name} with captures {statistics.median(ratios):.3f} times that without ({low:.3f} to {high:.3f}; at most {most:g})")
    return statistics.median(ratios) <= most


def main():
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="gatehouse-bench-") as directory:
        os.chmod(directory, 0o755)
        shared = bench.Bench(pathlib.Path(directory), options)
        gateway = None
        try:
            shared.make_certificate()
            shared.start_backend()
            time.sleep(0.3)
            gateway = Gateway("gatehouse-captures", shared)
            gateway.start()
            plain, capturing = gateway.side("plain", "plain"), gateway.side("bench", "with captures")
            print(f"TLS, HTTP/1.1 keep-alive, {CONNECTIONS} connections from {CLIENTS} h2load, bodies of {SIZE} bytes each way, "
                  "one event loop, receipts stored and access log written")
            # Both, so that one line tells of all.
            passed = [steady(gateway, capturing, options), paired(gateway, plain, capturing, options)]
        finally:
            if gateway:
                gateway.stop()
            if shared.backend:
                shared.backend.terminate()
                shared.backend.wait()
    if not all(passed):
        raise SystemExit("a bound does not hold")


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    main()
