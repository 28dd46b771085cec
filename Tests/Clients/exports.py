"""Captures in the formats of SageMaker, Azure and KServe, asked for or as they come, read back by those formats' rules."""
import base64
import contextlib
import itertools
import json
import os
import pty
import random
import re
import subprocess
import threading
import time

import exported
from harness import Checks, Gateway, Setting, require, to, upstream_documents, wait_for
from reviewing import RULE, SECRET_CAPTURES, Reviewer, rows, send_secrets, small_disk, stored, tell
from scraping import captures_waiting

check = Checks("exports")
setting = Setting()
COUNT = 200
FORMATS = ["sagemaker", "azure", "kserve", "jsonl"]


def collected(backend, collector, endpoint="collected"):
    """Documents of an endpoint whose deployment has Azure's `data_collector`."""
    head, deployment = upstream_documents(endpoint, to(backend)).split("---\n")
    return f"{head}---\ndata_collector: {json.dumps(collector)}\n{deployment}"


def refusal(gateway, *arguments, token=None):
    """What a command says on standard error that fails."""
    access = ["--server", f"https://localhost:{gateway.admin}", "--ca", gateway.authority] if token else [
        "--config", gateway.configuration]
    result = subprocess.run([setting.gatehouse, *map(str, arguments), *map(str, access)], capture_output=True, text=True,
                            env=dict(os.environ, **({"GATEHOUSE_TOKEN": token} if token else {})))
    require(result.returncode != 0, f"{arguments} was taken: {result.stdout[:200]}")
    return result.stderr


def on_terminal(action):
    """What an action writes to the terminal that it is given."""
    master, slave = pty.openpty()
    try:
        action(slave)
    finally:
        os.close(slave)
    said = b""
    # Once nobody has it open, Linux answers the read behind the last byte with an error.
    with open(master, "rb", buffering=0) as terminal, contextlib.suppress(OSError):
        while data := terminal.read(4096):
            said += data
    return said.decode()


class Caller:
    """Asks an endpoint over one connection, with a header by which the answer is known again."""

    def __init__(self, gateway, endpoint):
        self.gateway, self.endpoint, self.key = gateway, endpoint, gateway.key(endpoint)
        self.connection = gateway.connection()

    def ask(self, number, body=None, **headers):
        identifier = f"{self.endpoint}-{number}"
        self.connection.request("POST", f"/demo/{self.endpoint}/score?n={number}",
                                json.dumps({"n": number}) if body is None else body,
                                {"api-key": self.key, "content-type": "application/json", "x-request-id": identifier,
                                 "x-number": str(number), **headers})
        response = self.connection.getresponse()
        response.read()
        return response.status


with Gateway(setting, "exports") as gateway:
    gateway.command("tenants", "create", "demo", "--subscription", "s-1", "--resource-group", "g-1")
    echo, told = gateway.backend("echo"), gateway.backend("told")
    gateway.apply(upstream_documents("all", to(echo), capture={"sampling_rate": 1}))
    gateway.apply(upstream_documents("kinds", to(told), capture=RULE))
    rita = Reviewer(gateway)

    def export(format, name, *arguments, **options):
        folder = gateway.directory / name
        rita.command("captures", "export", "demo", "--format", format, "--output", folder, *arguments, **options)
        return folder

    @check(f"{COUNT} requests are {COUNT} records of SageMaker's and pairs of Azure's and KServe's, in their order")
    def _():
        caller = Caller(gateway, "all")
        for number in range(COUNT):
            require(caller.ask(number) == 200, f"request {number}")
        wait_for(lambda: stored(gateway) == COUNT, 10, "all captures are stored")
        names = [f"all-{number}" for number in range(COUNT)]
        records = exported.sagemaker(export("sagemaker", "sagemaker", "--since", "1h", "--endpoint", "all"))
        require([record["request"] for record in records] == names, "SageMaker's records, or their order")
        require({(record["endpoint"], record["variant"]) for record in records} == {("all", "only")}, "the folders")
        for number, record in enumerate(records):
            require(record["input"] == {"n": number} and record["encodings"] == ["JSON", "JSON"], f"{record}")
            require(record["output"]["headers"]["x-number"] == str(number), "an answer is another's")
        halves = exported.pairs(exported.azure(export("azure", "azure", "--endpoint", "all")), "request", "response")
        require([request["xrequestid"] for request, _ in halves] == names, "Azure's records, or their order")
        for number, (request, response) in enumerate(halves):
            require(request["data"] == {"n": number} and request["path"] == f"/demo/all/score?n={number}", f"{request}")
            require(request["method"] == "POST" and "/subscriptions/s-1/resourceGroups/g-1/" in request["source"], "source")
            require(response["data"]["headers"]["x-number"] == str(number), "an answer is another's")
            require(exported.moment(request["time"]) <= exported.moment(response["time"]), "the times")
        events = exported.kserve(export("kserve", "kserve"))
        require(len(events) == COUNT and all(set(event) == {"request", "response"} for event in events.values()), "KServe")
        for number, event in enumerate(events.values()):
            require(event["request"]["data"] == {"n": number} and event["request"]["namespace"] == "demo", f"{event}")
            require(event["response"]["data"]["headers"]["x-number"] == str(number), "an answer is another's")
        lines = [record for _, record in exported.lines(export("jsonl", "jsonl"))]
        require([record["summary"]["requestId"] for record in lines] == names, "our own records, or their order")

    @check("an export goes on behind the last one, fills no folder that has another's files, and is for reviewers alone")
    def _():
        last = rita.list("--limit", 1)[0]["id"]
        caller = Caller(gateway, "all")
        for number in range(COUNT, COUNT + 5):
            require(caller.ask(number) == 200, f"request {number}")
        wait_for(lambda: stored(gateway) == COUNT + 5, 10, "all captures are stored")
        said = refusal(gateway, "captures", "export", "demo", "--format", "azure", "--output",
                       gateway.directory / "azure", token=rita.token)
        require("is not empty" in said, said)
        records = exported.sagemaker(export("sagemaker", "sagemaker", "--after", last))
        require([record["request"] for record in records] == [f"all-{number}" for number in range(COUNT + 5)], "twice, or gone")
        for format, after, words in [("sagemaker", last, f"up to {last + 5}"), ("kserve", last + 5, "in the format sagemaker")]:
            said = refusal(gateway, "captures", "export", "demo", "--format", format, "--after", after, "--output",
                           gateway.directory / "sagemaker", token=rita.token)
            require(words in said and "name a" in said, said)
        require(exported.sagemaker(gateway.directory / "sagemaker") == records, "the folder is another")
        printed = rita.command("captures", "export", "demo", "--format", "azure", "--after", last).splitlines()
        require(len(printed) == 10 and all(json.loads(line)["specversion"] == "1.0" for line in printed), f"{printed}")
        said = refusal(gateway, "captures", "export", "demo", "--format", "azure")
        require("reviewer" in said and "broken off" not in said, said)
        said = refusal(gateway, "captures", "export", "demo", "--format", "azure", "--output", "/proc/none", token=rita.token)
        require("the folder /proc/none cannot be made" in said and "Domain" not in said, said)

    @check("an export tells on a terminal how far it is, page by page, and elsewhere only what it has written")
    def _():
        ids = sorted(row[0] for row in rows(gateway, "SELECT id FROM captures"))
        said = on_terminal(lambda terminal: export("jsonl", "told", stderr=terminal))
        pages = [(int(count), int(last)) for count, last in re.findall(r"(\d+) records, up to capture (\d+)", said)]
        require(pages == [(200, ids[199]), (len(ids), ids[-1])], f"{said!r}")
        require(said.endswith(f"{len(ids)} records in {gateway.directory / 'told'}\r\n"), f"{said!r}")
        with open(gateway.directory / "quiet", "w+") as file:
            export("jsonl", "untold", stderr=file)
            file.seek(0)
            require(file.read() == f"{len(ids)} records in {gateway.directory / 'untold'}\n", "it tells more")

    @check("who sees one tenant need not name it, and who sees several is told which there are")
    def _():
        gateway.command("tenants", "create", "other")
        lines = rita.command("captures", "export", "--format", "jsonl")
        require(lines and lines == rita.command("captures", "export", "demo", "--format", "jsonl"), lines[:200])
        page = json.loads(rita.command("captures", "list", "--limit", 3, "--output", "json"))
        require(page["value"] == rita.list("--limit", 3), f"{page}")
        said = refusal(gateway, "captures", "list")
        require("say which tenant" in said and "demo, other" in said, said)

    @check("CSV, events, bytes, cut bodies and errors are told as what they are")
    def _():
        caller = Caller(gateway, "kinds")
        last = rita.list("--limit", 1)[0]["id"]
        before = stored(gateway)
        tell(told, 200, {"content-type": "text/csv"}, "0.5\n0.25\n")
        require(caller.ask(0, "1,2\n3,4\n", **{"content-type": "text/csv"}) == 200, "CSV")
        tell(told, 200, {}, ['{"t": "a"}', "[DONE]"])
        require(caller.ask(1) == 200, "events")
        tell(told, 200, {"content-type": "image/png"}, "\u0001\u0002 no picture")
        require(caller.ask(2, b"\x00\xff\xfe", **{"content-type": "application/octet-stream"}) == 200, "bytes")
        tell(told, 200, {"content-type": "application/json"}, json.dumps(["x" * 100_000]))
        require(caller.ask(3, json.dumps({"long": "y" * 80_000})) == 200, "long bodies")
        tell(told, 503, {"content-type": "text/plain"}, "no\u2028more \"room\"")
        require(caller.ask(4) == 424, "the error")
        wait_for(lambda: stored(gateway) == before + 5, 10, "all captures are stored")
        table, events, picture, long, error = exported.sagemaker(
            export("sagemaker", "kinds-sagemaker", "--after", last, "--endpoint", "kinds"))
        require(table["input"] == [["1", "2"], ["3", "4"]] and table["encodings"] == ["CSV", "CSV"], f"{table}")
        require(events["output"] == b'data: {"t": "a"}\n\ndata: [DONE]\n\n', f"{events}")
        require(picture["input"] == b"\x00\xff\xfe" and picture["output"] == b"\x01\x02 no picture", f"{picture}")
        require(long["attributes"] == ["truncated=request", "truncated=response"], f"{long['attributes']}")
        require(len(long["output"]) == 65_536 and long["encodings"] == ["BASE64", "BASE64"], "the cut bodies")
        require(error["attributes"] == ["status=424"] and error["output"].decode() == "no\u2028more \"room\"", f"{error}")
        halves = exported.pairs(exported.azure(export("azure", "kinds-azure", "--after", last)), "request", "response")
        table, events, picture, long, error = halves
        require(table[0]["data"] == "1,2\n3,4\n" and table[0]["datacontenttype"] == "text/csv", f"{table}")
        require(events[1]["data"].endswith("data: [DONE]\n\n") and events[1]["datacontenttype"] == "text/event-stream", "SSE")
        require(base64.b64decode(picture[0]["data"]) == b"\x00\xff\xfe", f"{picture}")
        require(picture[0]["datacontentencoding"] == "base64", f"{picture}")
        require(long[1]["contentrange"] == "bytes 0-65535/100004" and long[1]["data"].startswith('["xxx'), "the cut body")
        require(error[1]["statuscode"] == 424 and error[1]["data"] == "no\u2028more \"room\"", f"{error}")
        found = list(exported.kserve(export("kserve", "kinds-kserve", "--after", last)).values())
        require(found[3]["request"]["truncated"] is True and isinstance(found[3]["request"]["data"], bytes), "a cut body")
        records = [record for _, record in exported.lines(export("jsonl", "kinds-jsonl", "--after", last))]
        require(records[3]["request"]["truncated"] and records[3]["summary"]["requestBytes"] == 80_012, "a cut body")
        require(base64.b64decode(records[2]["request"]["base64"]) == b"\x00\xff\xfe", "bytes")
        require([event["text"] for event in records[1]["response"]["events"]][-1] == "data: [DONE]", "events")

    @check("secrets in more than 30 places are in no export, whatever its format")
    def _():
        last, before = rita.list("--limit", 1)[0]["id"], stored(gateway)
        made = send_secrets(gateway, told, gateway.key("kinds"), "kinds")
        wait_for(lambda: stored(gateway) == before + SECRET_CAPTURES, 10, "all captures are stored")
        for format in FORMATS:
            content = b""
            for path in export(format, f"secrets-{format}", "--after", last).rglob("*.jsonl"):
                content += path.read_bytes()
            # What is in base64 is looked through as well.
            hidden = [base64.b64decode(text) for text in re.findall(rb'"([A-Za-z0-9+/]{16,}={0,2})\\?"', content)
                      if len(text) % 4 == 0]
            content += b"\n".join(hidden)
            for marker in [b"plain-marker-of-the-request", b"plain-marker-of-the-answer", b"plain-event", b"plain-error"]:
                require(marker in content, f"{marker} is not in {format}")
            require(not made.found_in(content), f"{format} has one")
        return f"{len(made)} secrets"

    @check("a data_collector of a document collects what its collections name, at its rate, with the headers that it names")
    def _():
        on, off = {"enabled": "true"}, {"enabled": "false"}
        gateway.apply(collected(echo, {
            "collections": {"model_inputs": on, "model_outputs": on, "request": on, "response": off},
            "request_logging": {"capture_headers": ["X-Number"]}}))
        last, before = rita.list("--limit", 1)[0]["id"], stored(gateway)
        caller = Caller(gateway, "collected")
        for number in range(20):
            require(caller.ask(number) == 200, f"request {number}")
        wait_for(lambda: stored(gateway) == before + 20, 10, "all captures are stored")
        records = exported.azure(export("azure", "collected", "--after", last))
        require({record["collection"] for record in records} == {"model_inputs", "model_outputs", "request"}, "collections")
        halves = exported.pairs(records, "model_inputs", "model_outputs")
        require([first["data"]["n"] for first, _ in halves] == list(range(20)), "the inputs")
        payload = [record for record in records if record["collection"] == "request"]
        require([record["headers"] for record in payload] == [
            {"content-type": "application/json", "x-number": str(number)} for number in range(20)], f"{payload[0]}")
        # One half alone, of a share.
        gateway.apply(collected(echo, {"collections": {"model_outputs": on}, "sampling_rate": 0.5}))
        before, last = stored(gateway), rita.list("--limit", 1)[0]["id"]
        for number in range(200):
            require(caller.ask(number) == 200, f"request {number}")
        time.sleep(1)
        # Outside of this once in 10,000 million runs.
        require(55 <= stored(gateway) - before <= 145, f"{stored(gateway) - before} of 200")
        records = exported.sagemaker(export("sagemaker", "halves", "--after", last))
        require(all(record["input"] is None and record["output"] for record in records), "not one half alone")
        return f"{len(records)} of 200 at 50 %"

    @check("a data_collector that stands beside our own rule, or that nothing here fills, is refused with its line")
    def _():
        on = {"enabled": "true"}
        for collector, extra, words in [({"collections": {"request": on}}, {"capture": {}}, "stands beside gatehouse.capture"),
                                        ({"collections": {"audit": on}}, {}, "only a scoring script fills it"),
                                        ({"collections": {"request": {}}}, {}, "enabled: is required")]:
            path = gateway.directory / "bad.yaml"
            head, deployment = upstream_documents("collected", to(echo, **extra)).split("---\n")
            path.write_text(f"{head}---\ndata_collector: {json.dumps(collector)}\n{deployment}")
            said = refusal(gateway, "apply", "-f", path, "--tenant", "demo")
            require(words in said and re.search(r"bad\.yaml:\d+", said), said[-300:])


class Load:
    """Callers that ask on and on, whatever becomes of the gateway; each number once."""

    def __init__(self, gateway, endpoints):
        self.gateway, self.stopped, self.number = gateway, threading.Event(), 0
        self.threads = [threading.Thread(target=self.work, args=[endpoint]) for endpoint in endpoints]
        for thread in self.threads:
            thread.start()

    def work(self, endpoint):
        caller = None
        while not self.stopped.is_set():
            try:
                caller = caller or Caller(self.gateway, endpoint)
                self.number += 1
                caller.ask(self.number)
            except Exception:  # the gateway is killed now and then
                caller = None
                self.stopped.wait(0.05)

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()


more = "captures: {export: {directory: %s, format: azure, rolling_rate: hour}}\n"
with Gateway(setting, "continuous", more=more % (setting.directory / "continuous" / "out")) as gateway:
    out = gateway.directory / "out" / "demo"
    gateway.command("tenants", "create", "demo")
    echo = gateway.backend("echo")
    gateway.apply(upstream_documents("plain", to(echo), capture={"sampling_rate": 1}))
    both = {"request": {"enabled": "true"}, "response": {"enabled": "true"}}
    gateway.apply(collected(echo, {"collections": both, "rolling_rate": "Minute"}))

    def by_depth():
        """Records of the continuous export by how deep their folders are: what each rolling rate has written."""
        found = {}
        for name, record in exported.lines(out):
            parts = name.split("/")
            found.setdefault((parts[1], len(parts) - 5), []).append(record)
        return found

    def exported_ids():
        return [record["xrequestid"] for _, record in exported.lines(out) if record["type"].endswith(".request")]

    @check("captures are exported as they come, in folders of their deployment's rate, else of the gateway's")
    def _():
        for endpoint in ["plain", "collected"]:
            caller = Caller(gateway, endpoint)
            for number in range(50):
                require(caller.ask(number) == 200, f"request {number}")
        wait_for(lambda: out.exists() and len(list(exported.lines(out))) == 200, 10, "all are exported")
        found = by_depth()
        require({key: len(records) for key, records in found.items()} == {("plain", 4): 100, ("collected", 5): 100},
                f"{ {key: len(records) for key, records in found.items()} }")
        modes = {path.stat().st_mode & 0o777 for path in out.rglob("*") if path.is_file()}
        require(modes == {0o600}, f"{modes}")

    @check("files go on in another folder when the minute, or the rate, is another; nothing is lost or there twice")
    def _():
        caller, asked = Caller(gateway, "collected"), itertools.count(1)
        before, began = stored(gateway), time.time()

        def ask(count):
            for _ in range(count):
                number = next(asked)
                require(caller.ask(1000 + number) == 200, "a request")
            return number

        def wait(number):
            wait_for(lambda: stored(gateway) == before + number and len(exported_ids()) == before + number, 10,
                     "all are exported")
        while int(time.time() // 60) == int(began // 60):
            ask(1)
            time.sleep(0.2)
        last = ask(5)
        # The rate that counts is that of when they are exported.
        wait(last)
        gateway.apply(collected(echo, {"collections": both, "rolling_rate": "Day"}))
        wait(ask(5))
        total = stored(gateway)
        minutes = {name.rsplit("/", 1)[0] for name, _ in exported.lines(out) if name.count("/") == 9}
        require(len({minute.split("/", 4)[-1] for minute in minutes}) >= 2, f"{minutes}")
        late = [record["xrequestid"] for record in by_depth()[("collected", 3)] if record["type"].endswith(".request")]
        require(late == [f"collected-{1000 + last + number}" for number in range(1, 6)], f"{late}")
        return f"{total} captures in {len(minutes)} folders of minutes"

    def all_are_stored():
        """What is taken from the queue is written within this time, where nobody asks any more."""
        before = stored(gateway)
        time.sleep(0.5)
        return captures_waiting(gateway) == 0 and stored(gateway) == before

    @check("five kills under load: each stored capture is exported once, and every line is whole")
    def _():
        load = Load(gateway, ["plain", "collected", "plain"])
        for _ in range(5):
            time.sleep(random.uniform(1.0, 2.5))
            gateway.kill()
            gateway.start()
        time.sleep(1)
        load.stop()
        wait_for(all_are_stored, 30, "no capture waits to be stored")
        wait_for(lambda: sorted(exported_ids()) == sorted(row[0] for row in rows(gateway, "SELECT request_id FROM captures")),
                 20, "as many are exported as are stored")
        halves = [record["correlationid"] for _, record in exported.lines(out)]
        require(len(halves) == 2 * len(set(halves)) == 2 * stored(gateway), f"{len(halves)} lines, {stored(gateway)} captures")
        return f"{stored(gateway)} captures"

    @check("a stop exports what it still stores")
    def _():
        caller = Caller(gateway, "plain")
        before = len(exported_ids())
        for number in range(20):
            require(caller.ask(500_000 + number) == 200, "a request")
        gateway.process.terminate()
        require(gateway.process.wait(30) == 0, "the exit code")
        require(len(exported_ids()) == before + 20, f"{len(exported_ids()) - before} of 20")

    @check("another format does not go into the same folder")
    def _():
        text = gateway.configuration.read_text()
        other = gateway.directory / "other.yaml"
        other.write_text(text.replace("format: azure", "format: jsonl"))
        result = subprocess.run([setting.gatehouse, "check", "--config", other], capture_output=True, text=True)
        require(result.returncode != 0 and "has an export in the format azure" in result.stderr, result.stderr)

    @check("a file, and a folder where none can be made, are found before the start")
    def _():
        text = gateway.configuration.read_text()
        other = gateway.directory / "other.yaml"
        for place, words in [(gateway.configuration, "is a file, not a folder"), ("/proc/none", "/proc cannot be written")]:
            other.write_text(text.replace(f"directory: {gateway.directory / 'out'}", f"directory: {place}"))
            result = subprocess.run([setting.gatehouse, "check", "--config", other], capture_output=True, text=True)
            require(result.returncode != 0 and words in result.stderr, f"{place}: {result.stdout}{result.stderr}")

small = setting.directory / "small-export"
more = "captures: {export: {directory: %s, format: jsonl}}\n" % (small / "out")
with small_disk(small, 8) as problem:
    @check("a full disk: requests are answered as before, one alarm tells of it, and later all are exported", skip=problem)
    def _():
        with Gateway(setting, "full-export", more=more) as gateway:
            gateway.command("tenants", "create", "demo")
            gateway.apply(upstream_documents("plain", to(gateway.backend("echo")), capture={"sampling_rate": 1}))
            caller = Caller(gateway, "plain")
            filler = small / "filler"
            filler.write_bytes(b"x" * max(0, os.statvfs(small).f_bavail * 4096 - 500_000))
            statuses = [caller.ask(number, json.dumps("z" * 20_000)) for number in range(150)]
            require(statuses == [200] * 150, f"{statuses.count(200)} of 150 answered")
            wait_for(lambda: "captures are not exported" in gateway.log(), 20, "the alarm")
            time.sleep(6)
            require(gateway.log().count("captures are not exported") == 1, "more than one alarm")
            filler.unlink()
            wait_for(lambda: "captures are exported again" in gateway.log(), 20, "they are exported again")
            wait_for(lambda: [record["summary"]["requestId"] for _, record in exported.lines(small / "out" / "demo")] == [
                f"plain-{number}" for number in range(150)], 10, "each of them once")
check.finish()
