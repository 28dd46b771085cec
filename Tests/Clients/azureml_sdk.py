"""Azure ML's own SDK, unchanged: a safe rollout, uploads, the engine's own answer."""
import concurrent.futures
import json
import os
import pathlib
import re
import time

import exported
from azureml import GROUP, SUBSCRIPTION, WORKSPACE, SDK, Azure, logged, quiet
from harness import Checks, Setting, require, run, wait_for
from reviewing import Reviewer

check = Checks("azureml_sdk")
SCOPE = (f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.MachineLearningServices"
         f"/workspaces/{WORKSPACE}")
VERSION = "api-version=2099-01-01-preview"
PROMPT = "What is the capital of France?"


def check_rollout(azure, sdk):
    """The steps of a safe rollout, as an admin's script has them."""
    name = "rollout"

    def answered(count):
        return azure.answered(name, count)

    @check("rollout: blue is made, tried and given all traffic")
    def _():
        sdk.endpoint(name, description="a rollout")
        sdk.deployment(name, "blue", urls=azure.url("blue"))
        require(sdk.invoke(name, {"data": [1]}, "blue")["answered_by"] == "blue", "blue does not answer")
        sdk.change(name, traffic={"blue": 100})
        require(answered(20) == {"blue": 20, "green": 0}, "not all of the traffic is blue's")

    @check("rollout: green is made beside it, tried by name, and gets no traffic")
    def _():
        sdk.deployment(name, "green", urls=azure.url("green"))
        require(sdk.invoke(name, {"data": [1]}, "green")["answered_by"] == "green", "green does not answer")
        require(answered(20) == {"blue": 20, "green": 0}, "green has traffic")

    @check("rollout: green gets copies of 10 % of the requests, and blue answers all of them")
    def _():
        before = logged(azure.logs["green"])
        shown = sdk.change(name, mirror_traffic={"green": 10})
        require(shown.mirror_traffic == {"green": 10}, f"mirror_traffic is {shown.mirror_traffic}")
        require(answered(200) == {"blue": 200, "green": 0}, "a copy was answered with")

        def copies():
            return logged(azure.logs["green"]) - before
        wait_for(lambda: copies() >= 20, 10, "20 copies reach green")
        # One too many would come a moment later.
        time.sleep(0.5)
        require(copies() == 20, f"{copies()} copies of 200")
        return f"{copies()} copies of 200"

    @check("rollout: 90/10, and 1,000 invokes of the SDK are in the servers' own logs as they were split")
    def _():
        sdk.change(name, mirror_traffic={}, traffic={"blue": 90, "green": 10})
        before = {color: logged(log) for color, log in azure.logs.items()}
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: sdk.invoke(name, {"data": [1]}), range(1000)))
        counts = {color: logged(log) - before[color] for color, log in azure.logs.items()}
        require(sum(counts.values()) == 1000, f"{counts}")
        require(abs(counts["green"] - 100) <= 2, f"{counts}")
        return f"{counts}"

    @check("rollout: 0/100, blue is deleted, and green goes on")
    def _():
        sdk.change(name, traffic={"blue": 0, "green": 100})
        sdk.done(sdk.ml.online_deployments.begin_delete, "blue", name)
        require([d.name for d in sdk.ml.online_deployments.list(name)] == ["green"], "blue is still there")
        require(answered(20) == {"blue": 0, "green": 20}, "green does not have all of the traffic")


def check_collector(azure, sdk):
    from azure.ai.ml.entities import DataCollector, DeploymentCollection, RequestLogging
    name = "collected"
    reviewer = Reviewer(azure.gateway)

    def put(collector):
        sdk.deployment(name, "blue", urls=azure.url("blue"), data_collector=collector)

    def capture():
        return azure.gateway.manage("GET", f"demo/endpoints/{name}/deployments/blue").get("capture")

    @check("a DataCollector of the SDK is shown again as it was set, and one that is left out is off")
    def _():
        sdk.endpoint(name)
        put(DataCollector(collections={"request": DeploymentCollection(enabled="true"),
                                       "response": DeploymentCollection(enabled="true"),
                                       "model_outputs": DeploymentCollection(enabled="false")},
                          sampling_rate=1.0, rolling_rate="day", request_logging=RequestLogging(capture_headers=["x-a"])))
        sdk.change(name, traffic={"blue": 100})
        shown = sdk.ml.online_deployments.get("blue", name).data_collector
        enabled = {collection: shown.collections[collection].enabled for collection in shown.collections}
        require(enabled == {"request": "true", "response": "true", "model_outputs": "false"}, f"{enabled}")
        require(shown.rolling_rate.lower() == "day" and shown.request_logging.capture_headers == ["x-a"], f"{vars(shown)}")
        rule = capture()
        require(rule["parts"] == ["request", "response"] and rule["rollingRate"] == "day", f"{rule}")

    @check("what the SDK invokes is read back as pairs of Azure's own format")
    def _():
        # The SDK has no way to say it, but sends what it has in mind.
        from azure.ai.ml.constants._endpoint import EndpointInvokeFields
        own = {"x-a": "one of ours", "x-b": "another"}
        EndpointInvokeFields.DEFAULT_HEADER.update(own)
        for number in range(20):
            sdk.invoke(name, {"data": [number]})
        for header in own:
            del EndpointInvokeFields.DEFAULT_HEADER[header]
        wait_for(lambda: len(reviewer.list("--endpoint", name)) == 20, 10, "20 captures")
        folder = azure.gateway.directory / "collected"
        reviewer.command("captures", "export", "demo", "--format", "azure", "--endpoint", name, "--output", folder)
        halves = exported.pairs(exported.azure(folder), "request", "response")
        require([request["data"] for request, _ in halves] == [{"data": [number]} for number in range(20)], "the requests")
        require(all(response["data"]["answered_by"] == "blue" for _, response in halves), "the answers")
        kept = {"content-type": "application/json", "x-a": "one of ours"}
        require(all(request["headers"] == kept for request, _ in halves), f"the headers: {halves[0][0]['headers']}")

    @check("a deployment that the SDK puts without a DataCollector captures nothing any more")
    def _():
        put(None)
        require(capture() is None, f"{capture()}")
        require(sdk.ml.online_deployments.get("blue", name).data_collector is None, "it is shown")
        sdk.invoke(name, {"data": [99]})
        time.sleep(1)
        require(len(reviewer.list("--endpoint", name)) == 20, "it was captured")


def check_native(azure, sdk):
    if not azure.gateway.setting.model:
        print("no model file was given: the native deployment's checks are left out", flush=True)
        return
    from azure.ai.ml.entities import Model, OnlineRequestSettings
    body = {"messages": [{"role": "user", "content": PROMPT}], "temperature": 0, "max_tokens": 24}

    @check("a model file is uploaded in blocks, deployed, and gives the engine's own greedy answer")
    def _():
        setting = azure.gateway.setting
        with quiet():
            model = sdk.ml.models.create_or_update(
                Model(name="smollm2", version="1", path=setting.model, type="custom_model"))
        sdk.endpoint("native")
        sdk.deployment("native", "local", model=f"{model.name}:{model.version}",
                       request_settings=OnlineRequestSettings(request_timeout_ms=60000))
        ours = sdk.invoke("native", body, "local")["choices"][0]["message"]["content"].strip()
        direct = run(setting.worker, "--model", setting.model, "--once", PROMPT, "--max-tokens", 24).strip()
        require(ours == direct, f"{ours!r}, directly {direct!r}")
        log = sdk.ml.online_deployments.get_logs("local", "native", lines=200)
        # What a worker says when it has loaded its model, with its time and its number.
        require(re.search(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \[0\] .*\bready\b.*smollm2", log, re.M), log[-400:])
        return f"{os.path.getsize(setting.model) >> 20} MiB"

    @check("what was uploaded comes back byte for byte")
    def _():
        target = azure.gateway.directory / "download"
        with quiet():
            sdk.ml.models.download("smollm2", version="1", download_path=str(target))
        files = [path for path in target.rglob("*") if path.is_file()]
        require(len(files) == 1, f"{files}")
        require(files[0].read_bytes() == pathlib.Path(azure.gateway.setting.model).read_bytes(), "it differs")


def check_wire(azure, sdk):
    """What other clients of the same paths may rely on."""
    name = "rollout"

    @check("openapi_uri leads to a document whose server answers")
    def _():
        uri = sdk.ml.online_endpoints.get(name).openapi_uri
        document = json.loads(azure.ask("GET", uri.removeprefix(azure.base)).content)
        base, path = document["servers"][0]["url"], next(iter(document["paths"]))
        key = azure.gateway.key(name)
        answer = azure.gateway.request("POST", re.sub("^https://[^/]+", "", base) + path, {},
                                       {"authorization": f"Bearer {key}"})
        require(answer.status == 200, f"{base}{path} gave {answer.status}")

    @check("paths have no letter case, any api-version is taken, and what has no meaning is named in a header")
    def _():
        path = SCOPE.replace("resourceGroups", "RESOURCEGROUPS").replace("demo", "DEMO")
        answer = azure.ask("POST", f"{path}/onlineendpoints/{name.upper()}/LISTKEYS?{VERSION}")
        require(answer.status == 200 and json.loads(answer.content)["primaryKey"], f"{answer.status}")
        body = {"location": "local", "properties": {
            "endpointComputeType": "Managed", "instanceType": "Standard_NC24",
            "environmentVariables": {"GATEHOUSE_UPSTREAM_URLS": azure.url("blue")}}}
        answer = azure.ask("PUT", f"{SCOPE}/onlineEndpoints/{name}/deployments/wired?{VERSION}", body)
        require(answer.status == 201, f"{answer.status} {answer.content[:200]}")
        require("instance_type" in (answer.getheader("x-gatehouse-warning") or ""), "no warning")
        status = answer.getheader("Azure-AsyncOperation").removeprefix(azure.base)
        wait_for(lambda: json.loads(azure.ask("GET", status).content)["status"] == "Succeeded", 10, "it succeeds")

    @check("without a token, or with an endpoint's key, every path but the metadata's is closed")
    def _():
        key = azure.gateway.key(name)
        paths = [SCOPE, f"{SCOPE}/onlineEndpoints", f"{SCOPE}/models", f"{SCOPE}/onlineEndpoints/{name}/listKeys",
                 "/store.blob.local/demo/LocalUpload/x", "/store.blob.local/demo/x?se=2099-01-01T00:00:00Z&sig=" + "0" * 64]
        for path in paths:
            for token in ["", key]:
                answer = azure.ask("GET", path, token=token)
                require(answer.status == 401, f"{path} gave {answer.status}")
        require(azure.ask("GET", "/metadata/endpoints?api-version=1", token="").status == 200, "the metadata is closed")
        for path in [SCOPE, "/metadata/endpoints", "/store.blob.local/demo/x"]:
            answer = azure.gateway.request("GET", path, None, {"authorization": f"Bearer {azure.token}"})
            require(answer.status in (401, 404), f"the data port answered {path} with {answer.status}")

    @check("no name of a blob leads out of its folder")
    def _():
        for blob in ["../../operator.token", "..%2f..%2foperator.token", "%2e%2e/%2e%2e/x", "a/../../../x", "a%00b",
                     "/etc/passwd", "a%5c..%5cb", "x" * 300]:
            answer = azure.ask("PUT", f"/store.blob.local/demo/{blob}", {}, headers={"x-ms-blob-type": "BlockBlob"})
            require(answer.status in (400, 404), f"{blob} gave {answer.status}")

    @check("a signed URL opens its folder alone")
    def _():
        answer = azure.ask("POST", f"{SCOPE}/codes/abc/versions/1/startPendingUpload?{VERSION}",
                           {"pendingUploadType": "TemporaryBlobReference"})
        uri = json.loads(answer.content)["blobReferenceForConsumption"]["credential"]["sasUri"].removeprefix(azure.base)
        folder, _, query = uri.partition("?")
        put = azure.ask("PUT", f"{folder}/score.py?{query}", {"a": 1}, token="")
        require(put.status == 201, f"{put.status} {put.content[:200]}")
        for other in ["/store.blob.local/demo/LocalUpload/x", "/store.blob.local/other/codes-abc-1/x",
                      f"{folder}x/score.py", f"{folder}/../x"]:
            answer = azure.ask("GET", f"{other}?{query}", token="")
            require(answer.status in (400, 401, 403, 404) and b"\"a\"" not in answer.content, f"{other}: {answer.status}")
        forged = azure.ask("GET", f"{folder}/score.py?{query[:-4]}0000", token="")
        require(forged.status == 401, f"a changed signature gave {forged.status}")


with Azure(Setting(), "azureml") as azure:
    sdk = SDK(azure)
    check_rollout(azure, sdk)
    check_collector(azure, sdk)
    check_native(azure, sdk)
    check_wire(azure, sdk)
check.finish()
