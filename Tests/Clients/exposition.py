"""What Prometheus's own tools say of the page of `/metrics`."""
import os
import shutil
import subprocess

from prometheus_client.openmetrics import parser

from harness import require
from scraping import page, sample


def program(name):
    """Of Debian's package `prometheus`, on the path or in a folder that a variable names."""
    found = shutil.which(name, path=os.environ.get("GATEHOUSE_PROMETHEUS", os.environ["PATH"]))
    require(found, f"{name} is missing: apt-get install prometheus")
    return found


def check_by_promtool(gateway):
    """Requires that promtool has nothing to say about the page."""
    result = subprocess.run([program("promtool"), "check", "metrics"], input=page(gateway)[2], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30)
    require(result.returncode == 0 and not result.stdout.strip(), result.stdout)


def parsed(text):
    """Kinds of families by their names, and values as `samples` has them, as OpenMetrics' own strict parser reads a page."""
    families = list(parser.text_string_to_metric_families(text))
    values = {sample(each.name, **each.labels): each.value for family in families for each in family.samples}
    return {family.name: family.type for family in families}, values
