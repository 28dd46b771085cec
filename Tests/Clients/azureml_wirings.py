"""Azure ML's own SDK, unchanged: the seed script of its wire contract, in every wiring that it offers."""
import os
import re
import subprocess
import sys

from azureml import WORKSPACE, Azure
from harness import HERE, Checks, Setting, require

check = Checks("azureml_wirings")
SHARED = HERE.parents[2] / "shared"
SEED = SHARED / "clients" / "azureml_seed.py"
# The step that takes the split of the traffic away again.
SPLIT_ENDS = "mirror-traffic"
INVOKES = 1000


def steps():
    """The names of the seed script's steps."""
    names = re.findall(r'^@step\("([^"]+)"\)', SEED.read_text(), re.MULTILINE)
    require(names[:1] == ["client"] and {"traffic-split", SPLIT_ENDS} <= set(names), f"its steps are {names}")
    require(names.index("traffic-split") < names.index(SPLIT_ENDS), f"its steps are {names}")
    return names


def seed(azure, wiring, credential, endpoint, only=None):
    """Runs the seed script, every step of it or some; fails unless each is ok and no other was run."""
    names = only or steps()
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("AZML_", "AZURE", "ARM_"))}
    variables.update(AZML_BASE_URL=azure.base, AZML_CA=str(azure.gateway.authority), AZML_WIRING=wiring,
                     AZML_WORKSPACE=WORKSPACE, AZML_ENDPOINT=endpoint, AZML_SKIP="")
    variables.update({"AZML_ONLY": ",".join(only)} if only else {})
    variables.update({"AZML_TOKEN": azure.token} if credential == "static" else azure.credential_variables())
    result = subprocess.run([sys.executable, str(SEED)], env=variables, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300)
    lines = [line for line in result.stdout.splitlines() if line.startswith(("ok ", "FAIL ", "skip "))]
    bad = [line for line in lines if line.startswith("FAIL ") or line.startswith("skip ") and not only]
    require(result.returncode == 0 and not bad,
            f"exit {result.returncode}, {len(bad)} of {len(lines)}: {' / '.join(bad)[:500]} {result.stderr[-300:]}")
    # Every run makes a client first.
    done = {line.removeprefix("ok ") for line in lines if line.startswith("ok ")}
    require(done == {"client", *names}, f"not run: {sorted(set(names) - done)}, run too: {sorted(done - set(names))}")
    return len(done)


def check_plain(azure, wiring, credential):
    @check(f"the seed script as it is, wiring {wiring}, credential {credential}: every step is ok, and its invokes are"
           " in the servers' own logs")
    def _():
        count = 0

        def run_it():
            nonlocal count
            count = seed(azure, wiring, credential, f"plain-{wiring}-{credential}")
        counts = azure.served(run_it)
        require(counts["blue"] == 2 and counts["green"] <= 1, f"its two invokes, one mirrored, gave {counts}")
        return f"{count} steps"


def check_split(azure, wiring, credential):
    """The script takes its split away again: what came before is run once more, and then there is time to look."""
    @check(f"the seed script's split, wiring {wiring}, credential {credential}: {INVOKES} invokes are in the servers' own"
           " logs, 90/10")
    def _():
        endpoint, names = f"seed-{wiring}-{credential}", steps()
        seed(azure, wiring, credential, endpoint, names[:names.index(SPLIT_ENDS)])
        answered = {}
        counts = azure.served(lambda: answered.update(azure.answered(endpoint, INVOKES)))
        require(counts == {"blue": INVOKES * 9 // 10, "green": INVOKES // 10}, f"of {INVOKES} requests {counts}")
        require(answered == counts, f"the answers say {answered}")
        return f"{counts}"


def check_seed(azure):
    if not SEED.exists():
        if not SHARED.is_dir():
            print(f"{SEED.name} is not at ../shared/clients: its checks are left out", flush=True)
            return

        @check("the seed script is at ../shared/clients")
        def _():
            require(False, f"../shared has no clients/{SEED.name}")
        return
    for wiring in ["metadata", "kwargs"]:
        for credential in ["static", "identity"]:
            check_plain(azure, wiring, credential)
            check_split(azure, wiring, credential)


with Azure(Setting(), "azureml-wirings") as azure:
    check_seed(azure)
check.finish()
