"""What was asked and answered: what is kept of it, who sees it, and what nobody finds in any file."""
import hashlib
import json
import os
import subprocess
import time
import zlib

from harness import Checks, Gateway, Setting, require, to, upstream_documents, wait_for
from reviewing import RULE, SECRET_CAPTURES, Canaries, Reviewer, rows, send_secrets, small_disk, stored, tell
from scraping import captures_counted, shown_in_metrics

check = Checks("captures")


def documents(backend, rule):
    return upstream_documents("review", to(backend), capture=rule)


def contents(gateway):
    """Every byte of captures.db that is compressed there."""
    return b"".join(zlib.decompress(row[0]) for row in rows(gateway, "SELECT content FROM blocks"))


setting = Setting()
EXPORT = "captures: {export: {directory: %s, format: jsonl}}\n" % (setting.directory / "captures" / "out")
with Gateway(setting, "captures", more=EXPORT) as gateway:
    gateway.command("tenants", "create", "demo")
    backend = gateway.backend("told")
    gateway.apply(documents(backend, RULE))
    gateway.apply(upstream_documents("paced", to(gateway.backend("events")), capture={"sampling_rate": 1}))
    key = gateway.key("review")
    rita = Reviewer(gateway)

    def ask(body, headers=None, query=""):
        return gateway.request("POST", f"/demo/review/score{query}", body, {"api-key": key, **(headers or {})})

    @check("secrets in more than 30 places are in no file of the gateway, exported ones too, and what is none is kept")
    def _():
        made = send_secrets(gateway, backend, key, "review")
        # Words that are no secrets: the same search finds them in the index, whose words stand without what they share.
        plain = Canaries()
        require(ask({"note": plain("a word"), "more": plain("the next word")}).status == 200, "the words")
        wait_for(lambda: stored(gateway) == SECRET_CAPTURES + 1, 10, "all captures are stored")
        wait_for(lambda: set(plain) == {place for path in gateway.directory.glob("captures.db*")
                                        for place in plain.found_in(path.read_bytes())}, 10, "the words in the index")

        def exported():
            return b"".join(path.read_bytes() for path in (gateway.directory / "out" / "demo").rglob("*.jsonl"))
        wait_for(lambda: exported().count(b"\n") == SECRET_CAPTURES + 1, 10, "all are exported")
        time.sleep(1)
        require(b"plain-marker-of-the-answer" in exported(), "what is exported")
        kept = contents(gateway)
        for marker in [b"plain-marker-of-the-request", b"plain-marker-of-the-answer", b"plain-event", b"plain-error", b"plain-form"]:
            require(marker in kept, f"{marker} is not kept")
        files = [path for path in gateway.directory.rglob("*") if path.is_file()]
        found = [f"{place} in {path.name}" for path in files for place in made.found_in(path.read_bytes())]
        found += [f"{place} in a capture" for place in made.found_in(kept)]
        found += shown_in_metrics(gateway, made)
        require(not found, f"{found}")
        for row in rita.list():
            shown = json.dumps(rita.show(row["id"]))
            require(not made.found_in(shown), "the API shows one")
        return f"{len(made)} secrets, {len(files)} files"

    @check("a reviewer finds, sees, labels and deletes captures, and no other role sees one")
    def _():
        answer = '{"answer": "a rare ornithopter"}'
        tell(backend, 200, {"content-type": "application/json"}, answer)
        require(ask({"question": "what flies"}).status == 200, "a request")
        found = wait_for(lambda: rita.list("--text", "ornithopter"), 10, "the capture is searchable")
        require(len(found) == 1 and found[0]["endpoint"] == "review" and found[0]["status"] == 200, f"{found}")
        number = found[0]["id"]
        shown = rita.show(number)
        require(json.loads(shown["request"]["text"]) == {"question": "what flies"}, f"{shown['request']}")
        require(shown["response"]["kind"] == "json" and shown["response"]["text"] == answer, f"{shown['response']}")
        text = rita.command("captures", "show", "demo", number)
        require('"answer" : "a rare ornithopter"' in text and "[credential]" not in text, text)
        rita.command("captures", "label", "demo", number, "bird")
        require([row["id"] for row in rita.list("--label", "bird")] == [number], "the label")
        require(len(rita.list("--status", "5xx")) == 0 and len(rita.list("--status", "424")) == 1, "by status")
        require(not rita.list("--slower-than-ms", 9223372036854775807), "longer than anything takes")
        for role in ["admin", "deployer", "key-admin"]:
            other = Reviewer(gateway, f"other-{role}", role)
            refused = subprocess.run(
                [setting.gatehouse, "captures", "list", "demo", "--server", f"https://localhost:{gateway.admin}",
                 "--ca", gateway.authority], env=dict(os.environ, GATEHOUSE_TOKEN=other.token), capture_output=True, text=True)
            require(refused.returncode != 0 and "reviewer" in refused.stderr, f"{role}: {refused.stderr}")
        rita.command("captures", "delete", "demo", number)
        require(not rita.list("--text", "ornithopter") and b"ornithopter" not in contents(gateway), "it is still there")

    @check("events stand on a time line, bytes that are no text are saved as they came, and an error is text")
    def _():
        tell(backend, 200, {}, ['{"n": 1}', '{"n": 2}', "[DONE]"])
        before = max(row["id"] for row in rita.list())
        require(ask({"stream": True}).status == 200, "the stream")
        row = wait_for(lambda: [row for row in rita.list() if row["id"] > before][:1], 10, "it is stored")[0]
        events = rita.show(row["id"])["response"]["events"]
        require([event["text"] for event in events][-1] == "data: [DONE]" and len(events) == 3, f"{events}")
        require(all(event["ms"] > 0 for event in events), f"{events}")
        before = row["id"]
        gap, key_of_paced = 1.0, gateway.key("paced")
        answer = gateway.request("POST", f"/demo/paced/run?count=4&gap={gap}", {}, {"api-key": key_of_paced})
        sent = [json.loads(line[6:])["sent"] for line in answer.content.decode().splitlines() if line.startswith("data: {")]
        row = wait_for(lambda: [row for row in rita.list() if row["id"] > before][:1], 10, "it is stored")[0]
        came = [event["ms"] / 1000 for event in rita.show(row["id"])["response"]["events"]]
        require(len(sent) == 4 and len(came) == 5, f"{sent}, {came}")
        # As far apart as they were sent, but for what a busy machine takes.
        apart = [(came[index + 1] - came[index], sent[index + 1] - sent[index]) for index in range(3)]
        require(all(abs(one - other) < gap / 2 and one > gap / 2 for one, other in apart), f"{apart}")
        require(came[4] - came[3] < gap, f"{came}")
        tell(backend, 200, {"content-type": "image/png"}, "\u0001\u0002 no picture")
        require(ask({}).status == 200, "the picture")
        row = wait_for(lambda: [row for row in rita.list() if row["responseBytes"] == 13][:1], 10, "it is stored")[0]
        shown = rita.show(row["id"])["response"]
        require((shown["kind"], shown["bytes"]) == ("binary", 13) and "text" not in shown, f"{shown}")
        require(shown["sha256"] == hashlib.sha256(b"\x01\x02 no picture").hexdigest(), f"{shown}")
        rita.command("captures", "show", "demo", row["id"], "--save", gateway.directory / "saved")
        saved = (gateway.directory / "saved" / f"capture-{row['id']}-response").read_bytes()
        require(saved == b"\x01\x02 no picture", f"{saved}")
        modes = {path.stat().st_mode & 0o077 for path in [gateway.directory / "saved", *(gateway.directory / "saved").iterdir()]}
        require(modes == {0}, f"others may read what is saved: {modes}")
        tell(backend, 500, {"content-type": "text/plain"}, "no room")
        require(ask({}).status == 424, "the error")
        row = wait_for(lambda: [row for row in rita.list() if row["responseBytes"] == 7][:1], 10, "it is stored")[0]
        shown = rita.show(row["id"])["response"]
        require((shown["kind"], shown["text"], shown["bytes"]) == ("text", "no room", 7), f"{shown}")

    @check("a rule with a fault is refused with the member's name, and leaves all as it was")
    def _():
        for redact, words in [({"expressions": {"bad": "("}}, "missing closing parenthesis"),
                              ({"json_paths": ["a..b"]}, "no path")]:
            path = gateway.directory / "bad.yaml"
            path.write_text(documents(backend, {"redact": redact}))
            result = subprocess.run([setting.gatehouse, "apply", "-f", path, "--tenant", "demo", "--config",
                                     gateway.configuration], capture_output=True, text=True)
            require(result.returncode != 0 and words in result.stderr, f"{redact}: {result.stderr[-300:]}")
        tell(backend)
        require(ask({}).status == 200, "the endpoint")

FULL = "a full disk: requests are answered as before, one alarm tells of it and one line of its end, and all are counted"
small = setting.directory / "small"
with small_disk(small, 24) as problem:
    def send(connection, key, body):
        connection.request("POST", "/demo/review/score", body, {"api-key": key})
        response = connection.getresponse()
        response.read()
        require(response.status == 200, f"{response.status}")

    def fill(gateway, backend, key):
        """Sends 200 captures that the disk has no room for, then 20 small ones, for which it may have some, and a large
        one behind each; returns how many."""
        large = os.urandom(12_000).hex()
        tell(backend, 200, {"content-type": "text/plain"}, large)
        (small / "filler").write_bytes(b"x" * max(0, os.statvfs(small).f_bavail * 4096 - 3_000_000))
        connection = gateway.connection()
        for _ in range(200):
            send(connection, key, os.urandom(8_000).hex())
        wait_for(lambda: "captures are dropped" in gateway.log(), 20, "an alarm")
        for _ in range(20):
            for answer in ["{}", large]:
                tell(backend, 200, {"content-type": "text/plain"}, answer)
                send(connection, key, "{}")
                # The writer looks ten times a second.
                time.sleep(0.15)
        connection.close()
        return 240

    @check(FULL, skip=problem)
    def _():
        gateway = Gateway(setting, "small/full", more="captures: {limit: 1GiB}\n")
        # Its log is elsewhere: on the full disk the alarm itself would be lost.
        (gateway.directory / "gatehouse.log").symlink_to(setting.directory / "full.log")
        with gateway:
            gateway.command("tenants", "create", "demo")
            backend = gateway.backend("told")
            gateway.apply(documents(backend, {"sampling_rate": 1}))
            key, rita = gateway.key("review"), Reviewer(gateway)
            told = lambda: [gateway.log().count(f"captures are {words}") for words in ["dropped", "stored again"]]
            sent = fill(gateway, backend, key) + 1
            during = told()
            (small / "filler").unlink()
            send(gateway.connection(), key, '"after"')
            # It is found by its words a moment later than it is stored.
            wait_for(lambda: rita.list("--text", "after"), 10, "the last one is found")
            counts = captures_counted(gateway)
            require(counts["stored"] + counts["dropped"] == sent and counts["dropped"] > 0, f"{counts} of {sent}")
            require(counts["stored"] == stored(gateway), f"{counts}, and {stored(gateway)} in the database")
            wait_for(lambda: told()[1], 10, "the end is told")
            require((during, told()) == ([1, 0], [1, 1]), f"alarms and ends: {during}, then {told()}")
            return f"{counts['stored']:.0f} of {sent} stored"
check.finish()
