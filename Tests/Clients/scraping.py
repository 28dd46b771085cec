"""What the programs that read `/metrics` share."""
import re

from harness import require

OPEN_METRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
LINE = re.compile(r'([a-z_]+)(?:\{(.*)\})? (\S+)')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


def page(gateway, accept="text/plain", token=None):
    token = token or (gateway.directory / "operator.token").read_text().strip()
    connection = gateway.connection(port=gateway.admin)
    try:
        connection.request("GET", "/metrics", headers={"authorization": f"Bearer {token}", "accept": accept})
        response = connection.getresponse()
        return response.status, response.getheader("content-type"), response.read().decode()
    finally:
        connection.close()


def samples(text):
    """Values by name and labels; a label set that stands there twice is an error."""
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, labels, value = LINE.fullmatch(line).groups()
        key = (name, *sorted(LABEL.findall(labels or "")))
        require(key not in found, f"twice: {line}")
        found[key] = float(value)
    return found


def sample(name, **labels):
    return (name, *sorted(labels.items()))


def place(endpoint, deployment="only"):
    return {"tenant": "demo", "endpoint": endpoint, "deployment": deployment}


def captures_counted(gateway):
    """What became of captures, by `stored` and `dropped`."""
    found = samples(page(gateway)[2])
    return {result: found[sample("gatehouse_captures_total", result=result)] for result in ["stored", "dropped"]}


def captures_waiting(gateway):
    return samples(page(gateway)[2])[sample("gatehouse_captures_waiting")]


def shown_in_metrics(gateway, secrets):
    """Places of those secrets that stand in either form of the page."""
    texts = [page(gateway, accept)[2] for accept in ["text/plain", OPEN_METRICS]]
    require(all("gatehouse_requests_total{" in text for text in texts), "the metrics tell of no request")
    return [f"{place} in the metrics" for text in texts for place in secrets.found_in(text)]
