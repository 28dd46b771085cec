"""What the programs with Azure ML's own SDK share: a gateway as an Azure client sees it, and the SDK's few calls."""
import contextlib
import io
import json
import logging
import os
import time
import warnings

from harness import Gateway, require

SUBSCRIPTION, GROUP, WORKSPACE = "00000000-0000-0000-0000-000000000001", "rg", "demo"
OPERATION_SECONDS = 120


def logged(log):
    return len(log.read_text().split()) if log.exists() else 0


class Azure:
    """The gateway as an Azure client sees it: two logging backends behind `runtimes:`, a principal with a role."""

    def __init__(self, setting, name):
        self.logs = {color: setting.directory / f"{name}-{color}.log" for color in ["blue", "green"]}
        self.gateway = Gateway(setting, name, threads=2)
        self.ports = {}
        for name, log in self.logs.items():
            backend = self.gateway.backend("logging", "--log", log, "--name", name, "--delay", 0)
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

    def done(self, begin, *arguments):
        """A long operation of the SDK to its end. It prints from its beginning on, from a thread of its own."""
        with quiet():
            return begin(*arguments).result(timeout=OPERATION_SECONDS)

    def endpoint(self, name, **changes):
        from azure.ai.ml.entities import ManagedOnlineEndpoint
        return self.done(self.ml.begin_create_or_update, ManagedOnlineEndpoint(name=name, auth_mode="key", **changes))

    def change(self, name, **changes):
        endpoint = self.ml.online_endpoints.get(name)
        for member, value in changes.items():
            setattr(endpoint, member, value)
        return self.done(self.ml.begin_create_or_update, endpoint)

    def deployment(self, endpoint, name, urls=None, model=None, **settings):
        from azure.ai.ml.entities import ManagedOnlineDeployment
        variables = {"GATEHOUSE_UPSTREAM_URLS": urls} if urls else {}
        return self.done(self.ml.begin_create_or_update, ManagedOnlineDeployment(
            name=name, endpoint_name=endpoint, model=model, instance_type="Standard_DS3_v2", instance_count=1,
            environment_variables=variables, **settings))

    def invoke(self, endpoint, body, deployment=None):
        from azure.ai.ml.constants._endpoint import EndpointInvokeFields
        path = self.azure.gateway.directory / "request.json"
        if not path.exists() or json.loads(path.read_text()) != body:
            path.write_text(json.dumps(body))
        # The SDK keeps this header from one call to the next.
        EndpointInvokeFields.DEFAULT_HEADER.pop("azureml-model-deployment", None)
        return json.loads(self.ml.online_endpoints.invoke(endpoint, request_file=str(path), deployment_name=deployment))
