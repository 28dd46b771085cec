"""Azure ML's own SDK, unchanged: deployments that fail, and what it is told of them while they do."""
import contextlib
import time
import urllib.request

from azureml import OPERATION_SECONDS, WORKSPACE, SDK, Azure, quiet
from harness import Checks, Setting, require

check = Checks("azureml_failures")
# Seconds until a deployment that never gets ready fails.
READY_WITHIN = 8


def become(backend, status):
    urllib.request.urlopen(f"http://127.0.0.1:{backend.port}/become/{status}", timeout=5).close()


def check_failure(azure, sdk):
    from azure.core.exceptions import HttpResponseError

    @check("a deployment that nothing serves ends Failed with the three ways, and is shown as Failed")
    def _():
        sdk.endpoint("unserved")
        try:
            sdk.deployment("unserved", "blue")
        except HttpResponseError as error:
            text = str(error)
        else:
            require(False, "the operation did not fail")
        for way in ["GATEHOUSE_UPSTREAM_URLS", "runtimes:", "GGUF"]:
            require(way in text, f"{way} is not in: {text}")
        shown = sdk.ml.online_deployments.get("blue", "unserved")
        require(shown.provisioning_state == "Failed", f"its state is {shown.provisioning_state}")
        created = azure.gateway.created
        ours = [*created("deployments", "list", f"{WORKSPACE}/unserved")["value"],
                created("deployments", "show", f"{WORKSPACE}/unserved/blue")]
        require([d["name"] for d in ours] == ["blue", "blue"], f"the commands show {ours}")
        for deployment in ours:
            require(deployment["provisioningState"] == "Failed", f"its state is {deployment}")
            require(deployment["failure"] in text, f"{deployment['failure']} is not in: {text}")
        traffic = f"/api/v1/tenants/{WORKSPACE}/endpoints/unserved/traffic"
        refused = azure.ask("PUT", traffic, {"traffic": {"blue": 100}})
        require(refused.status == 400 and b"blue, which is Failed: nothing serves" in refused.content,
                f"traffic was answered {refused.status} {refused.content[:300]}")
        sdk.done(sdk.ml.online_deployments.begin_delete, "blue", "unserved")
        require(not list(sdk.ml.online_deployments.list("unserved")), "it is still there")

    @check("one that nothing serves is deleted by command, and is gone for the SDK")
    def _():
        with contextlib.suppress(HttpResponseError):
            sdk.deployment("unserved", "red")
        azure.gateway.command("deployments", "delete", f"{WORKSPACE}/unserved/red")
        require(not list(sdk.ml.online_deployments.list("unserved")), "it is still there")

    @check("an update that nothing serves fails, and what served goes on")
    def _():
        sdk.deployment("unserved", "green", urls=azure.url("green"))
        try:
            sdk.deployment("unserved", "green")
        except HttpResponseError as error:
            require("GGUF" in str(error), f"{error}")
        else:
            require(False, "the operation did not fail")
        require(sdk.invoke("unserved", {}, "green")["answered_by"] == "green", "green stopped")

    @check("references to what is not registered are refused with their names")
    def _():
        for member in [{"model": "nobody:7"}, {"environment": "nothing:3"}]:
            try:
                sdk.deployment("unserved", "purple", urls=azure.url("blue"), **member)
            except HttpResponseError as error:
                require(error.status_code == 400 and next(iter(member.values())) in str(error), f"{error}")
            else:
                require(False, f"{member} was taken")


def unready(backend):
    """A deployment whose environment has a readiness route that its server answers as it is told to."""
    from azure.ai.ml.entities import Environment, ManagedOnlineDeployment, ProbeSettings
    routes = {"liveness_route": {"path": "/", "port": 8080}, "readiness_route": {"path": "/ready", "port": 8080},
              "scoring_route": {"path": "/score", "port": 8080}}
    return ManagedOnlineDeployment(
        name="blue", endpoint_name="unready", instance_type="Standard_DS3_v2", instance_count=1,
        environment=Environment(name="switched", version="1", image="switched:1", inference_config=routes),
        environment_variables={"GATEHOUSE_UPSTREAM_URLS": f"http://127.0.0.1:{backend.port}"},
        readiness_probe=ProbeSettings(initial_delay=1, period=1, timeout=1, failure_threshold=READY_WITHIN - 1))


def looked_at(sdk, poller, backend):
    """Each state that the deployment was seen in, and after how many seconds; its server changes its answer."""
    started, found, has_changed = time.monotonic(), [], False
    while not poller.done():
        found.append((sdk.ml.online_deployments.get("blue", "unready").provisioning_state, time.monotonic() - started))
        require(found[-1][1] < OPERATION_SECONDS, f"it is {found[-1]} still")
        if not has_changed and found[-1][1] > READY_WITHIN / 2:
            become(backend, 500)
            has_changed = True
        time.sleep(0.1)
    return found


def check_readiness(azure, sdk):
    from azure.core.exceptions import HttpResponseError

    @check("while its readiness route fails a deployment is Creating at every look, then Failed, and the exception has the"
           " probe's last answer")
    def _():
        backend = azure.gateway.backend("switch")
        sdk.endpoint("unready")
        with quiet():
            poller = sdk.ml.begin_create_or_update(unready(backend))
            found = looked_at(sdk, poller, backend)
        try:
            sdk.done(lambda: poller)
        except HttpResponseError as error:
            require("GET /ready answered 500" in str(error), f"{error}")
            require("503" not in str(error), f"not the last answer: {error}")
        else:
            require(False, "the operation did not fail")
        states = [state for state, _ in found]
        creating = states.count("Creating")
        # The poller may learn of the end later than who looks.
        require(creating and states == ["Creating"] * creating + ["Failed"] * (len(states) - creating), f"{states}")
        early = [state for state, seconds in found if seconds < READY_WITHIN - 1]
        require(len(early) > 10 and set(early) == {"Creating"}, f"{found}")
        shown = sdk.ml.online_deployments.get("blue", "unready").provisioning_state
        require(shown == "Failed", f"its state is {shown}")
        become(backend, 200)
        made = sdk.done(sdk.ml.begin_create_or_update, unready(backend))
        require(made.provisioning_state == "Succeeded", f"now that it answers, its state is {made.provisioning_state}")
        return f"{creating} looks at Creating"


with Azure(Setting(), "azureml-failures") as azure:
    sdk = SDK(azure)
    check_failure(azure, sdk)
    check_readiness(azure, sdk)
check.finish()
