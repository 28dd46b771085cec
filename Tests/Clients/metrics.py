"""`/metrics` after a scripted run with known counts: the page itself, promtool's opinion of it, a Prometheus that scrapes it,
and the dashboard that asks that one."""
import contextlib
import json
import pathlib
import re
import shutil
import subprocess
import time
import urllib.parse
import urllib.request

from exposition import check_by_promtool, parsed, program
from harness import Checks, Gateway, Setting, free_port, require, run, upstream_documents, wait_for
from scraping import OPEN_METRICS, page, place, sample, samples
from scripted import PACE, PACED, PACED_WORDS, STREAM, Script, scripted

check = Checks("metrics")
HERE = pathlib.Path(__file__).parent
DEPLOY = HERE.parent.parent / "deploy" / "prometheus"
DASHBOARD = DEPLOY.parent / "grafana" / "gatehouse.json"

# Families whose every sample the script knows; of a histogram's the count, of tokens the sum too.
COUNTED = re.compile(
    r"(gatehouse_(requests|errors|limits_refused|request_bytes|response_bytes|retries|fallbacks|mirrored_requests|tokens)_total"
    r"|gatehouse_request_duration_seconds_count|gen_ai_.*_count|gen_ai_client_token_usage_sum)")
EMPTY = ("tenant", "")


def seen(text):
    """What the script accounts for: all but what is nobody's, such as looks at /healthz, and the sizes and times of what was
    refused."""
    refused = ["gatehouse_request_duration_seconds_count", "gatehouse_request_bytes_total", "gatehouse_response_bytes_total"]
    return {key: value for key, value in samples(text).items() if COUNTED.fullmatch(key[0]) and EMPTY not in key and not (
        ("deployment", "") in key and key[0] in refused)}


def difference(found, due):
    lines = [f"{key}: {found.get(key)} instead of {due.get(key)}" for key in {*found, *due} if found.get(key) != due.get(key)]
    return " | ".join(sorted(lines))


def check_page(gateway, due):
    @check("every count is exactly what was sent")
    def _():
        def is_exact():
            return seen(page(gateway)[2]) == due
        with contextlib.suppress(Exception):
            wait_for(is_exact, 5, "the counts")
        found = seen(page(gateway)[2])
        require(found == due, difference(found, due))
        return f"{len(due)} samples"

    @check("what is read at the scrape is as it is")
    def _():
        found = samples(page(gateway)[2])
        place = {"tenant": "demo", "endpoint": "moves", "deployment": "blue"}
        expected = {
            sample("gatehouse_instances", **place): 1, sample("gatehouse_requests_running", **place): 0,
            sample("gatehouse_requests_waiting", **place): 0, sample("gatehouse_exchanges_running"): 0,
            sample("gatehouse_instances_ready", **{**place, "deployment": "green"}): 1,
            sample("gatehouse_receipts_waiting"): 0, sample("gatehouse_receipts_dropped_total"): 0,
            sample("gatehouse_captures_waiting"): 0, sample("gatehouse_captures_total", result="dropped"): 0,
        }
        wrong = {key: found.get(key) for key, value in expected.items() if found.get(key) != value}
        require(not wrong, f"{wrong}")
        require(found[sample("process_resident_memory_bytes")] > 1e7, "memory")
        require(1 < found[sample("process_open_fds")] < found[sample("process_max_fds")], "files")


def beyond(least, times):
    """A histogram's rule: no value below `least`; at each bound as many at least as the caller saw end before it."""
    def may_be(bound, count):
        return count == 0 if bound < least else sum(time <= bound for time in times) <= count <= len(times)
    return may_be


def check_times(gateway, script):
    @check("each time is in the bucket of the backend's delay and none below it, and the sums are what callers saw")
    def _():
        found = samples(page(gateway)[2])
        where, whole = place("paced"), PACE * PACED_WORDS
        # Of each word behind the first, which may have come late: a little less than the delay, then.
        later = [(end - PACE) / (PACED_WORDS - 1) for end in script.wholes]
        times = {
            "gatehouse_request_duration_seconds": (whole, script.wholes, where),
            "gen_ai_server_request_duration_seconds": (whole, script.wholes, script.call(where)),
            "gen_ai_server_time_to_first_token_seconds": (PACE, script.firsts, script.call(where)),
            "gen_ai_server_time_per_output_token_seconds": (PACE * 0.75, later, script.call(where)),
        }
        for name, (least, seen_times, labels) in times.items():
            buckets = {float(dict(key[1:])["le"]): value for key, value in found.items()
                       if key[0] == f"{name}_bucket" and set(labels.items()) <= set(key[1:])}
            may_be = beyond(least, seen_times)
            require(len(buckets) > 10 and buckets[float("inf")] == PACED, f"{name}: {buckets}")
            wrong = {bound: count for bound, count in buckets.items() if not may_be(bound, count)}
            require(not wrong, f"{name}: {wrong} of values from {least}, seen as {seen_times}")
            total = found[sample(f"{name}_sum", **labels)]
            require(PACED * least <= total <= sum(seen_times), f"{name}: {total} s in all, seen as {seen_times}")


def check_formats(gateway, due):
    @check("promtool finds nothing to say about the page")
    def _():
        check_by_promtool(gateway)

    @check("OpenMetrics has the same values, and is what its own strict parser takes")
    def _():
        status, kind, text = page(gateway, OPEN_METRICS)
        require(status == 200 and kind.startswith("application/openmetrics-text; version=1.0.0"), f"{status} {kind}")
        require(text.endswith("# EOF\n"), text[-100:])
        require(seen(text) == due, difference(seen(text), due))
        kinds, values = parsed(text)
        require(values == samples(text), "the parser has other values")
        require(set(kinds.values()) == {"counter", "gauge", "histogram", "info"}, f"{kinds}")
        return f"{len(kinds)} families"


def check_tenants(gateway, due):
    @check("a tenant's operator sees the tenant's series only, and nobody any without a credential")
    def _():
        gateway.command("tenants", "create", "rival")
        tokens = {}
        for tenant in ["demo", "rival"]:
            gateway.command("operators", "add", f"of-{tenant}", "--role", "deployer", "--tenant", tenant)
            tokens[tenant] = gateway.created("operators", "token", f"of-{tenant}")["token"]
        own = samples(page(gateway, token=tokens["demo"])[2])
        require(own and all(("tenant", "demo") in key for key in own), f"{[key for key in own if ('tenant', 'demo') not in key]}")
        require(due.items() <= own.items(), "not all of it")
        require(page(gateway, token=tokens["rival"])[2] == "", "the rival sees something")
        require(page(gateway, token="wrong")[0] == 401, "anybody sees it")


def check_alerts():
    @check("each alert fires where it should, and none where all is well")
    def _():
        run(program("promtool"), "test", "rules", HERE / "alerts.yaml")
        names = re.findall(r"alert: (\w+)", (DEPLOY / "gatehouse-alerts.yaml").read_text())
        tested = re.findall(r"- name: (Gate\w+)", (HERE / "alerts.yaml").read_text())
        require(names and sorted(names) == sorted(tested), f"{sorted(set(names) ^ set(tested))}")
        return f"{len(names)} alerts"


@contextlib.contextmanager
def prometheus(gateway):
    """A real one that scrapes the gateway each second, by the configuration that is shipped; asks it a query."""
    directory, port = gateway.directory / "prometheus", free_port()
    directory.mkdir()
    gateway.command("operators", "add", "prometheus", "--role", "monitor")
    (directory / "token").write_text(gateway.created("operators", "token", "prometheus")["token"])
    shutil.copy(DEPLOY / "gatehouse-alerts.yaml", directory)
    text = (DEPLOY / "prometheus.yaml").read_text()
    for old, new in [("15s", "1s"), ("/etc/prometheus/gatehouse.token", directory / "token"),
                     ("/etc/prometheus/gatehouse-ca.pem", gateway.authority),
                     ("gateway.example.org:8444", f"localhost:{gateway.admin}")]:
        require(old in text, f"{old} is not in the shipped configuration")
        text = text.replace(old, str(new))
    (directory / "prometheus.yaml").write_text(text)
    log = open(directory / "log", "wb")
    process = subprocess.Popen(
        [program("prometheus"), f"--config.file={directory}/prometheus.yaml", f"--storage.tsdb.path={directory}/data",
         f"--web.listen-address=127.0.0.1:{port}"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def ask(path, **query):
        address = f"http://127.0.0.1:{port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(address, timeout=10) as response:
            return json.load(response)["data"]
    try:
        yield ask
    finally:
        process.terminate()
        process.wait(20)


def check_prometheus(ask, due):
    @check("a Prometheus by the shipped configuration scrapes the same values as a monitor, and can run every alert")
    def _():
        def scraped():
            return [entry["value"][1] for entry in ask("query", query='up{job="gatehouse"}')["result"]] == ["1"]
        wait_for(scraped, 30, "a scrape")
        found = {}
        for name in sorted({key[0] for key in due}):
            for entry in ask("query", query=name)["result"]:
                labels = {key: value for key, value in entry["metric"].items() if key not in ["__name__", "instance", "job"]}
                found[sample(name, **labels)] = float(entry["value"][1])
        # A label that is empty is none to Prometheus.
        known = {(key[0], *(label for label in key[1:] if label[1])): value for key, value in due.items()}
        wrong = {key: (found.get(key), value) for key, value in known.items() if found.get(key) != value}
        require(not wrong, f"{wrong}")
        # As `gatehouse_build_info`, a gauge, in Prometheus's own text.
        [build] = ask("metadata", metric="gatehouse_build").get("gatehouse_build", [None])
        require(build and build["type"] == "info", f"it did not ask for OpenMetrics: {build}")
        rules = [rule for group in ask("rules")["groups"] for rule in group["rules"]]
        require(len(rules) > 10 and all(rule["health"] != "err" for rule in rules), f"{rules}")
        return f"{len(known)} samples, {len(rules)} alerts"


def check_dashboard(gateway, ask):
    @check("every query of the dashboard finds series, and a number where there was traffic")
    def _():
        dashboard = json.loads(DASHBOARD.read_text())
        panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
        queries = [(panel["title"], target["expr"]) for panel in panels for target in panel["targets"]]
        names = [variable["name"] for variable in dashboard["templating"]["list"]]
        if gateway.setting.model:
            # Workers that nobody waits for: their states are there from the start.
            gateway.register_model()
            gateway.apply(upstream_documents("own", {"local": (100, {
                "model": "azureml:smollm2:1", "instance_type": "auto", "native": {"engine": "llama", "min_instances": 0}})}),
                waits=False)
        script, key = Script(gateway), gateway.key("breaks")
        for _ in range(3):
            require(gateway.request("GET", "/demo/breaks/a", headers={"api-key": key}).status == 200, "it is not sent again")
            script.chat("chat")
            script.chat("chat", body=STREAM)
            time.sleep(1.5)

        def answers(query):
            query = query.replace("$__rate_interval", "30s")
            for name in names:
                query = query.replace(f"${name}", ".*")
            require("$" not in query, f"a variable that is not there: {query}")
            return ask("query", query=query)["result"]
        empty = [(title, query) for title, query in queries if not answers(query)
                 and (gateway.setting.model or not re.search("gatehouse_(pool|workers)_", query))]
        require(not empty, f"{len(empty)} find nothing: {empty}")
        busy = [(title, query) for title, query in queries if "quantile" in query and "by (le)" in query]
        idle = [title for title, query in busy if not float(answers(query)[0]["value"][1]) > 0]
        require(len(busy) > 5 and not idle, f"no numbers: {idle}")
        for variable in dashboard["templating"]["list"]:
            if found := re.fullmatch(r"label_values\((.*), (\w+)\)", variable.get("definition", "")):
                values = {entry["metric"].get(found.group(2)) for entry in answers(found.group(1))}
                require(values - {None}, f"{variable['name']} has no values")
        shown = set(re.findall(r"\b(?:gatehouse|gen_ai)_[a-z_]+", " ".join(query for _, query in queries)))
        known = {re.sub("_(bucket|sum|count)$", "", name) for name in ask("label/__name__/values")
                 if name.startswith(("gatehouse_", "gen_ai_"))}
        shown = {re.sub("_(bucket|sum|count)$", "", name) for name in shown}
        require(known - shown == set(), f"on no panel: {known - shown}")
        return f"{len(panels)} panels, {len(queries)} queries"


with Gateway(Setting(), "metrics") as gateway:
    script = scripted(gateway)
    due = script.due
    check_page(gateway, due)
    check_times(gateway, script)
    check_formats(gateway, due)
    check_tenants(gateway, due)
    check_alerts()
    with prometheus(gateway) as ask:
        check_prometheus(ask, due)
        check_dashboard(gateway, ask)
check.finish()
