"""Azure ML's own SDK, unchanged: deployments that fail, and what it is told of them while they do."""
import contextlib

from azureml import WORKSPACE, SDK, Azure
from harness import Checks, Setting, require

check = Checks("azureml_failures")


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


with Azure(Setting(), "azureml-failures") as azure:
    sdk = SDK(azure)
    check_failure(azure, sdk)
check.finish()
