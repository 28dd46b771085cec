"""Azure ML's own SDK, unchanged: its seed script in every wiring, a safe rollout, uploads, the engine's own answer."""
import concurrent.futures
import contextlib
import io
import json
import logging
import os
import pathlib
import re
import subprocess
import sys
import time
import warnings

from harness import HERE, Checks, Gateway, Setting, require, run, wait_for

check = Checks("azureml_sdk")
SHARED = HERE.parents[2] / "shared"
SEED = SHARED / "clients" / "azureml_seed.py"
# The step that takes the split of the traffic away again.
SPLIT_ENDS = "mirror-traffic"
SUBSCRIPTION, GROUP, WORKSPACE = "00000000-0000-0000-0000-000000000001", "rg", "demo"
SCOPE = (f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.MachineLearningServices"
         f"/workspaces/{WORKSPACE}")
VERSION = "api-version=2099-01-01-preview"
PROMPT = "What is the capital of France?"
OPERATION_SECONDS = 120


def logged(log):
    return len(log.read_text().split()) if log.exists() else 0


class Azure:
    """The gateway as an Azure client sees it: two logging backends behind `runtimes:`, a principal with a role."""

    def __init__(self, setting):
        self.logs = {name: setting.directory / f"azureml-{name}.log" for name in ["blue", "green"]}
        self.gateway = Gateway(setting, "azureml", threads=2)
        self.ports = {}
        for name, log in self.logs.items():
            backend = self.gateway.backend("logging", "--log", log, "--name", name)
            self.ports[name] = backend.port
        with open(self.gateway.configuration, "a") as file:
            file.write("runtimes:\n"
                       f"  - model: '*-inline'\n    upstream: {{urls: [{self.url('green')}]}}\n"
                       f"  - image: 'img:*'\n    upstream: {{urls: [{self.url('blue')}]}}\n")

    def __enter__(self):
        self.gateway.start()
        self.base = f"https://localhost:{self.gateway.admin}"
        self.token = (self.gateway.directory / "operator.token").read_text().strip()
        self.gateway.command("tenants", "create", WORKSPACE)
        self.principal = self.gateway.created("principals", "create", f"{WORKSPACE}/ci")
        self.gateway.command("roles", "assign", f"{WORKSPACE}/ci-admin", "--role", "admin",
                             "--application", self.principal["clientId"])
        return self

    def __exit__(self, *problem):
        self.gateway.__exit__(*problem)

    def url(self, name):
        return f"http://127.0.0.1:{self.ports[name]}"

    def credential_variables(self):
        """What azure-identity reads: the built-in issuer, by the tenant that needs no flag."""
        return {"AZURE_AUTHORITY_HOST": self.base, "AZURE_TENANT_ID": "adfs",
                "AZURE_CLIENT_ID": self.principal["clientId"],
                "AZURE_CLIENT_SECRET": self.principal["secrets"][0]["secret"]}

    def answered(self, endpoint, count):
        """How many of so many requests each server answered, as its answers say."""
        key = self.gateway.key(endpoint)
        found = {"blue": 0, "green": 0}
        connection = self.gateway.connection()
        for _ in range(count):
            connection.request("POST", f"/demo/{endpoint}/score", "{}", {
                "api-key": key, "content-type": "application/json"})
            found[json.loads(connection.getresponse().read())["answered_by"]] += 1
        connection.close()
        return found

    def served(self, action):
        """How many requests are in each server's own log after the action that were not before."""
        before = {name: logged(log) for name, log in self.logs.items()}
        action()
        return {name: logged(log) - before[name] for name, log in self.logs.items()}

    def ask(self, method, path, body=None, token=None, headers=None):
        """A request without the SDK; the response carries its body as `content`."""
        connection = self.gateway.connection(port=self.gateway.admin)
        bearer = {"authorization": f"Bearer {token or self.token}"} if token != "" else {}
        connection.request(method, path, json.dumps(body) if body is not None else None,
                           {"content-type": "application/json", **bearer, **(headers or {})})
        response = connection.getresponse()
        response.content = response.read()
        connection.close()
        return response


def steps():
    """The names of the seed script's steps: those up to its split of the traffic, and the rest."""
    names = re.findall(r'^@step\("([^"]+)"\)', SEED.read_text(), re.MULTILINE)
    require(names[:1] == ["client"] and {"traffic-split", SPLIT_ENDS} <= set(names), f"its steps are {names}")
    end = names.index(SPLIT_ENDS)
    require(names.index("traffic-split") < end, f"its steps are {names}")
    return names[:end], names[end:]


def seed(azure, wiring, credential, endpoint, names):
    """Runs these steps of the seed script; fails unless each is ok and no other was run."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("AZML_", "AZURE", "ARM_"))}
    variables.update(AZML_BASE_URL=azure.base, AZML_CA=str(azure.gateway.authority), AZML_WIRING=wiring,
                     AZML_WORKSPACE=WORKSPACE, AZML_ENDPOINT=endpoint, AZML_ONLY=",".join(names))
    variables.update({"AZML_TOKEN": azure.token} if credential == "static" else azure.credential_variables())
    result = subprocess.run([sys.executable, str(SEED)], env=variables, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300)
    lines = [line for line in result.stdout.splitlines() if line.startswith(("ok ", "FAIL "))]
    bad = [line for line in lines if not line.startswith("ok ")]
    require(result.returncode == 0 and not bad,
            f"exit {result.returncode}, {len(bad)} of {len(lines)}: {' / '.join(bad)[:500]} {result.stderr[-300:]}")
    # Every run makes a client first.
    done = {line.removeprefix("ok ") for line in lines}
    require(done == {"client", *names}, f"not run: {sorted(set(names) - done)}, run too: {sorted(done - set(names))}")


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
            @check(f"the seed script, wiring {wiring}, credential {credential}: every step, and its split of 90/10 by"
                   " the servers' own logs")
            def _():
                split, rest = steps()
                endpoint = f"seed-{wiring}-{credential}"
                seed(azure, wiring, credential, endpoint, split)
                counts = azure.served(lambda: azure.answered(endpoint, 100))
                require(counts == {"blue": 90, "green": 10}, f"of 100 requests {counts}")
                counts = azure.served(lambda: seed(azure, wiring, credential, endpoint, rest))
                require(counts["blue"] == 2 and counts["green"] <= 1, f"its two invokes, one mirrored, gave {counts}")
                return f"{len(split + rest)} steps"


def client(azure):
    """An MLClient that finds the gateway by its metadata document alone."""
    os.environ["REQUESTS_CA_BUNDLE"] = str(azure.gateway.authority)
    os.environ["ARM_CLOUD_METADATA_URL"] = f"{azure.base}/metadata/endpoints?api-version=2019-05-01"
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    from azure.ai.ml import MLClient
    from azure.core.credentials import AccessToken

    class Static:
        def get_token(self, *scopes, **options):
            return AccessToken(azure.token, int(time.time()) + 3600)

    ml = MLClient(Static(), SUBSCRIPTION, GROUP, WORKSPACE, show_progress=False)
    require(ml._base_url == azure.base, f"the SDK settled on {ml._base_url}")
    return ml


@contextlib.contextmanager
def quiet():
    """The SDK prints dots while it waits, and a bar while it uploads."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


class SDK:
    """The few calls of the SDK that the checks are made of, each waited for."""

    def __init__(self, azure):
        self.azure, self.ml = azure, client(azure)

    def done(self, poller):
        with quiet():
            return poller.result(timeout=OPERATION_SECONDS)

    def endpoint(self, name, **changes):
        from azure.ai.ml.entities import ManagedOnlineEndpoint
        return self.done(self.ml.begin_create_or_update(ManagedOnlineEndpoint(name=name, auth_mode="key", **changes)))

    def change(self, name, **changes):
        endpoint = self.ml.online_endpoints.get(name)
        for member, value in changes.items():
            setattr(endpoint, member, value)
        return self.done(self.ml.begin_create_or_update(endpoint))

    def deployment(self, endpoint, name, urls=None, model=None, **settings):
        from azure.ai.ml.entities import ManagedOnlineDeployment
        variables = {"GATEHOUSE_UPSTREAM_URLS": urls} if urls else {}
        return self.done(self.ml.begin_create_or_update(ManagedOnlineDeployment(
            name=name, endpoint_name=endpoint, model=model, instance_type="Standard_DS3_v2", instance_count=1,
            environment_variables=variables, **settings)))

    def invoke(self, endpoint, body, deployment=None):
        from azure.ai.ml.constants._endpoint import EndpointInvokeFields
        path = self.azure.gateway.directory / "request.json"
        if not path.exists() or json.loads(path.read_text()) != body:
            path.write_text(json.dumps(body))
        # The SDK keeps this header from one call to the next.
        EndpointInvokeFields.DEFAULT_HEADER.pop("azureml-model-deployment", None)
        return json.loads(self.ml.online_endpoints.invoke(endpoint, request_file=str(path), deployment_name=deployment))


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
        sdk.done(sdk.ml.online_deployments.begin_delete("blue", name))
        require([d.name for d in sdk.ml.online_deployments.list(name)] == ["green"], "blue is still there")
        require(answered(20) == {"blue": 0, "green": 20}, "green does not have all of the traffic")


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
        sdk.done(sdk.ml.online_deployments.begin_delete("blue", "unserved"))
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
        require(isinstance(sdk.ml.online_deployments.get_logs("local", "native", lines=20), str), "no log")
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


setting = Setting()
with Azure(setting) as azure:
    check_seed(azure)
    sdk = SDK(azure)
    check_rollout(azure, sdk)
    check_failure(azure, sdk)
    check_native(azure, sdk)
    check_wire(azure, sdk)
check.finish()
