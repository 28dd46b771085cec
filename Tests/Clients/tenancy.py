"""Two tenants: with every kind of credential of the one, what the other has looks like what nobody has."""
import itertools
import json
import re
import urllib.parse
import urllib.request
import uuid

import backends
from foreign_issuer import APPLICATION, ForeignIssuer
from harness import Checks, Gateway, Setting, require, to, upstream_documents, wait_for

check = Checks("tenancy")
DOMAIN = "models.test"
# Names of beta's, and names of the same length that nobody has.
THEIRS = {"endpoint": "vault", "tenant": "beta", "host": "vault.test", "deployment": "only", "model": "vault-7b"}
NOBODYS = {"endpoint": "vaxxt", "tenant": "bexa", "host": "vaxxt.test", "deployment": "onxy", "model": "vaxxt-7b"}
CREDENTIAL_HEADERS = {
    "authorization": "Bearer {}", "api-key": "{}", "x-api-key": "{}", "ocp-apim-subscription-key": "{}"}
PREFLIGHT = "preflight, "
ID = "tenancy-0123456789abcdef"
# The gateway slows an address down after 20 refused credentials in a minute.
addresses = itertools.cycle(f"127.0.3.{index}" for index in range(1, 250))


def forms(names):
    """Every URL form, filled with these names, without an origin and from a page that nobody allows."""
    for what, method, path, host, headers, body in plain_forms(names):
        yield what, method, path, host, headers, body
        yield f"{what}, of a page", method, path, host, {**headers, "origin": "https://evil.example"}, body
    # A preflight of the same page.
    asks = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    for what, path, host in [("path", f"/{names['tenant']}/{names['endpoint']}/score", None),
                             ("host", "/score", f"{names['endpoint']}.{names['tenant']}.{DOMAIN}"),
                             ("own host", "/score", names["host"])]:
        yield f"{PREFLIGHT}{what}", "OPTIONS", path, host, asks, None


def plain_forms(names):
    """(What it is, method, path, host, headers, body.)"""
    chat = {"messages": [{"role": "user", "content": "x"}], "max_tokens": 3}
    tenant, endpoint = names["tenant"], names["endpoint"]
    both = f"/{tenant}/{endpoint}"
    for path in ["/score", "/token", "", "/", "/v1/chat/completions", "/any/sub/path", "/score?x=1", "/%73core"]:
        yield f"path {path or 'alone'}", "POST", both + path, None, {}, chat
    yield "path, another method", "GET", both + "/score", None, {}, None
    yield "path, own tenant", "POST", f"/alpha/{endpoint}/score", None, {}, chat
    yield "path, pinned deployment", "POST", both + "/score", None, {
        "azureml-model-deployment": names["deployment"]}, chat
    yield "host", "POST", "/score", f"{endpoint}.{tenant}.{DOMAIN}", {}, chat
    yield "host, own tenant", "POST", "/score", f"{endpoint}.alpha.{DOMAIN}", {}, chat
    yield "own host", "POST", "/score", names["host"], {}, chat
    yield "own host, root", "GET", "/", names["host"], {}, None
    for model in [endpoint, names["model"], f"{tenant}/{endpoint}"]:
        for path in ["chat/completions", "completions", "embeddings", "messages"]:
            yield f"{path}, model {model}", "POST", f"/v1/{path}", None, {}, {**chat, "model": model, "prompt": "x"}
        yield f"model {model}", "GET", "/v1/models/" + model, None, {}, None
    yield "openai, their tenant named", "POST", "/v1/chat/completions", None, {"x-gatehouse-tenant": tenant}, {
        **chat, "model": endpoint}
    yield "models, their tenant named", "GET", "/v1/models", None, {"x-gatehouse-tenant": tenant}, None
    yield "azure openai", "POST", f"/openai/deployments/{endpoint}/chat/completions?api-version=1", None, {}, chat
    yield "azure openai, model", "POST", f"/openai/deployments/{names['model']}/chat/completions", None, {}, chat


def answer(gateway, form, header, credential):
    _, method, path, host, more, body = form
    headers = {"x-request-id": ID, **more}
    if header:
        headers[header] = CREDENTIAL_HEADERS[header].format(credential)
    if host:
        headers["host"] = host
    response = gateway.request(method, path, body, headers, source=next(addresses))
    fields = sorted((name.lower(), value) for name, value in response.getheaders() if name.lower() != "date")
    return response.status, fields, response.content


def issued(gateway, principal):
    """A token of the built-in issuer for a service principal of alpha."""
    form = urllib.parse.urlencode({
        "client_id": principal["clientId"], "client_secret": principal["secrets"][0]["secret"],
        "grant_type": "client_credentials", "scope": "https://ml.azure.com/.default"})
    connection = gateway.connection()
    connection.request("POST", "/alpha/oauth2/v2.0/token", form, {"content-type": "application/x-www-form-urlencoded"})
    token = json.loads(connection.getresponse().read())["access_token"]
    connection.close()
    return token


def credentials(gateway, issuer):
    """What an application of alpha may hold."""
    principal = gateway.created("principals", "create", "alpha/batch")
    gateway.command("roles", "assign", "alpha/batch", "--role", "token", "--application", principal["clientId"])
    gateway.command("roles", "assign", "alpha/foreign", "--role", "token", "--application", APPLICATION)
    token = issued(gateway, principal)
    endpoint_token = gateway.request("POST", "/alpha/open/token", {}, {"authorization": f"Bearer {token}"})
    pair = gateway.created("keys", "list", "alpha/open")
    return {
        "primary key": pair["primaryKey"], "secondary key": pair["secondaryKey"],
        "named key": gateway.created("keys", "named", "create", "alpha/app")["key"],
        "service principal's token": token,
        "endpoint token": json.loads(endpoint_token.content)["accessToken"],
        "foreign token": issuer.token(),
        "no credential": None,
    }


def check_matrix(gateway, held):
    for name, credential in held.items():
        headers = [None] if credential is None else ["authorization"] if "token" in name else CREDENTIAL_HEADERS

        @check(f"{name}: nothing of the other tenant, and no sign of it, on every URL form")
        def _():
            wrong, count = [], 0
            for header in headers:
                for theirs, nobodys in zip(forms(THEIRS), forms(NOBODYS)):
                    found = answer(gateway, theirs, header, credential)
                    due = answer(gateway, nobodys, header, credential)
                    count += 1
                    if found != due:
                        wrong.append(f"{theirs[0]}: {found[0]} {found[2][:80]}, for nobody's {due[0]} {due[2][:80]}")
                    refusal = {400, 401, 403, 404} if credential else {401, 404}
                    if found[0] not in refusal and not theirs[0].startswith(("models", PREFLIGHT)):
                        wrong.append(f"{theirs[0]}: {found[0]}")
                    if b"beta" in found[2] or b"vault" in found[2]:
                        wrong.append(f"{theirs[0]}: names what is theirs: {found[2][:120]}")
            require(not wrong, f"{len(wrong)} of {count}: {'; '.join(wrong[:4])}")
            return f"{count} pairs of answers"


def admin(gateway, token, method, path, body=None):
    """One call of the admin API: status and content, without what differs from call to call."""
    connection = gateway.connection(port=gateway.admin)
    connection.request(method, path, json.dumps(body) if body is not None else None,
                       {"authorization": f"Bearer {token}", "content-type": "application/json", "if-match": "*"})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, re.sub(rb'"requestId": ?"[0-9a-f]+"', b"", content)


def filled(path, names):
    """A path of the API's own description with these names in its places; None where one of them is not a name."""
    places = {**names, "key": "app", "name": "things", "principal": "batch", "version": "1", "issuer": "entra",
              "role": "things", "webhook": "things", "model": "things", "secret": "first",
              "capture": "1", "half": "response", "comparison": "1"}
    try:
        return re.sub(r"\{(\w+)\}", lambda place: places[place.group(1)], path)
    except KeyError:
        return None


def administrators(gateway):
    """Tokens that administer alpha: local operators of every role, and service principals with an admin role there."""
    for role in ["owner", "admin", "deployer", "key-admin", "reviewer", "monitor"]:
        gateway.command("operators", "add", f"{role}.alpha", "--role", role, "--tenant", "alpha")
        token = gateway.created("operators", "token", f"{role}.alpha")["token"]
        yield f"an operator of alpha with the role {role}", token
    for role in ["admin", "reviewer"]:
        principal = gateway.created("principals", "create", f"alpha/{role}-batch")
        gateway.command("roles", "assign", f"alpha/{role}-batch", "--role", role,
                        "--application", principal["clientId"], "--issuer", "built-in")
        yield f"a service principal of alpha with the role {role}", issued(gateway, principal)


def azure_routes():
    """The paths of Azure's dialect, of which a workspace is a tenant: (method, path)."""
    provider = "providers/Microsoft.MachineLearningServices/workspaces"
    workspaces = f"/subscriptions/{uuid.UUID(int=1)}/resourceGroups/rg/{provider}"
    endpoint, deployment = "/onlineEndpoints/{endpoint}", "/onlineEndpoints/{endpoint}/deployments/{deployment}"
    asset = ["/%s/{name}/versions/{version}" % kind for kind in ["models", "environments", "codes"]]
    found = [("GET", ""), *itertools.product(["GET", "PUT", "DELETE"], [endpoint, deployment, *asset])]
    found += [("GET", path) for path in ["/datastores", "/onlineEndpoints", "/models", "/environments", "/codes",
                                         f"{endpoint}/openapi", f"{endpoint}/deployments", "/models/{name}/versions"]]
    found += [("POST", f"{path}/{verb}") for path, verbs in [
        (endpoint, ["listKeys", "regenerateKeys", "token"]), (deployment, ["getLogs"]),
        *((path, ["startPendingUpload"]) for path in asset)] for verb in verbs]
    yield "GET", f"{workspaces}?api-version=2024-04-01"
    for method, path in found:
        yield method, workspaces + "/{tenant}" + path + "?api-version=2024-04-01"


def crossed(gateway, token, routes):
    """What a token was told on every route with beta's names and with nobody's: how many, and what was wrong."""
    wrong, count = [], 0
    for method, path in routes:
        route = path if path.startswith(("/api/", "/subscriptions/")) else "/api/v1" + path
        if "{tenant}" in route:
            theirs, nobodys = filled(route, THEIRS), filled(route, NOBODYS)
            if not theirs:
                wrong.append(f"{path} has a place that this program does not know")
                continue
            count += 1
            body = {} if method in ("PUT", "POST", "PATCH") else None
            found, due = [(status, content.replace(b"bexa", b"beta").replace(b"vaxxt", b"vault"))
                          for status, content in [admin(gateway, token, method, theirs, body),
                                                  admin(gateway, token, method, nobodys, body)]]
            is_route = b"nothing at this URL" not in found[1]
            if found != due or found[0] not in (400, 403, 404, 405) or not is_route:
                wrong.append(f"{method} {theirs}: {found}, for nobody's {due}")
        elif method == "GET" and "{" not in route and "openapi" not in route:
            count += 1
            status, content = admin(gateway, token, method, route)
            if status >= 500 or b"beta" in content or b"vault" in content:
                wrong.append(f"{method} {route}: {status} {content[:200]}")
    return count, wrong


def check_admin(gateway):
    """Who administers alpha, in every role, against every route of the admin API with a tenant in it."""
    gateway.command("webhooks", "add", "beta/things", "--url", "https://hooks.example.com/")
    gateway.command("keys", "named", "create", "beta/app")
    gateway.command("roles", "assign", "beta/things", "--role", "admin", "--subject", "somebody")
    # Beta has a capture, whose number anybody can guess.
    theirs = {"api-key": gateway.created("keys", "list", "beta/open")["primaryKey"]}
    gateway.request("POST", "/beta/open/score", {}, theirs)
    operator = (gateway.directory / "operator.token").read_text().strip()
    _, document = admin(gateway, operator, "GET", "/api/v1/openapi.json")
    routes = [(method.upper(), path) for path, methods in json.loads(document)["paths"].items() for method in methods
              if method in ("get", "put", "post", "delete", "patch")] + list(azure_routes())
    for holder, token in administrators(gateway):
        @check(f"{holder}: nothing of beta, and no sign of it, on any route")
        def _():
            status, _ = admin(gateway, token, "GET", "/api/v1/tenants/alpha/endpoints/open")
            require(status == (403 if "monitor" in holder else 200), f"its own endpoint gave {status}")
            count, wrong = crossed(gateway, token, routes)
            require(count > 90, f"only {count} routes were tried")
            require(not wrong, f"{len(wrong)} of {count}: {'; '.join(wrong[:4])}")
            return f"{count} routes"

    @check("a capture of beta's is for alpha's reviewers as one that nobody has")
    def _():
        gateway.command("operators", "add", "reviewer.beta", "--role", "reviewer", "--tenant", "beta")
        own = gateway.created("operators", "token", "reviewer.beta")["token"]
        kept = wait_for(lambda: json.loads(admin(gateway, own, "GET", "/api/v1/tenants/beta/captures")[1])["value"], 5,
                        "beta's capture")
        foreign = gateway.created("operators", "token", "reviewer.alpha")["token"]
        for path, method in [("", "GET"), ("/response", "GET"), ("", "DELETE")]:
            found, due = [(status, content.replace(str(number).encode(), b"N")) for number in [kept[0]["id"], 99]
                          for status, content in [admin(gateway, foreign, method,
                                                        f"/api/v1/tenants/alpha/captures/{number}{path}")]]
            require(found == due and found[0] == 404, f"{method} {path}: {found}, for nobody's {due}")
        for token, tenant, due in [(own, "beta", True), (foreign, "alpha", False), (foreign, "beta", False)]:
            status, content = admin(gateway, token, "GET", f"/api/v1/tenants/{tenant}/captures/export?format=jsonl")
            require((status == 200 and bool(json.loads(content)["value"])) == due, f"{tenant}'s export: {status} {content}")
        require(admin(gateway, own, "GET", f"/api/v1/tenants/beta/captures/{kept[0]['id']}")[0] == 200, "it is gone")

    @check("beta is as it was")
    def _():
        status, content = admin(gateway, operator, "GET", "/api/v1/tenants/beta/webhooks/things")
        require(status == 200, f"{status} {content}")
        require(gateway.created("endpoints", "show", "beta/vault")["name"] == "vault", "the endpoint is gone")


def check_own(gateway, held):
    @check("each credential opens its own tenant's endpoint, and lists only that tenant's models")
    def _():
        for name, credential in held.items():
            if credential is None:
                continue
            headers = {"authorization": f"Bearer {credential}"}
            status = gateway.request("POST", "/alpha/open/score", {}, headers).status
            require(status == 200, f"{name}: its own endpoint gave {status}")
            listed = json.loads(gateway.request("GET", "/v1/models", None, headers).content)
            names = {entry["id"] for entry in listed["data"]}
            require(names == {"open", "alpha-7b"}, f"{name} lists {names}")


def check_shared(gateway, issuer, backend):
    """An issuer that both tenants trust: the request says which one is meant."""
    gateway.command("issuers", "add", "beta/entra", *issuer.arguments)
    token = issuer.token(uti="shared")
    headers = {"authorization": f"Bearer {token}"}
    chat = {"model": "open", "messages": [{"role": "user", "content": "x"}]}

    @check("a token that two tenants trust needs a tenant's name, and gets no role of the other one")
    def _():
        # Where beta has no role for it, a name of beta's is as good as any.
        unnamed = gateway.request("POST", "/v1/chat/completions", chat, headers)
        named = gateway.request("POST", "/v1/chat/completions", chat, {**headers, "x-gatehouse-tenant": "alpha"})
        theirs = gateway.request("POST", "/beta/vault/score", {}, headers)
        nobodys = gateway.request("POST", "/beta/vaxxt/score", {}, headers)
        require(unnamed.status == 400, f"without a name {unnamed.status}")
        require(named.status == 200, f"with its name {named.status} {named.content[:100]}")
        require(theirs.status == nobodys.status == 403, f"{theirs.status}, {nobodys.status}")
        said = [{**json.loads(answer.content)["error"], "requestId": ""} for answer in (theirs, nobodys)]
        require(said[0] == said[1], f"{said}")

    @check("limits, usage and names of one tenant do not count for the other")
    def _():
        gateway.command("limits", "set", "alpha", "--requests", "1/hour")
        key = {"api-key": gateway.created("keys", "list", "alpha/open")["primaryKey"]}
        statuses = [gateway.request("POST", "/alpha/open/score", {}, key).status for _ in range(3)]
        require(statuses[1:] == [429, 429], f"{statuses}")
        theirs = {"api-key": gateway.created("keys", "list", "beta/open")["primaryKey"]}
        answer = gateway.request("POST", "/beta/open/score", {}, theirs)
        require(answer.status == 200 and not answer.getheader("x-ratelimit-limit-requests"), f"{answer.status}")
        # This one, and the one that was captured.
        used = lambda: (gateway.created("usage", "show", "beta")["rows"] or [{"requests": 0}])[0]["requests"]
        wait_for(lambda: used() >= 2, 5, "usage of beta")
        require(used() == 2, "beta pays for alpha")
        gateway.command("limits", "clear", "alpha")

    @check("nothing of all this has reached a backend of the other tenant")
    def _():
        with urllib.request.urlopen(f"http://127.0.0.1:{backend.port}/seen", timeout=5) as seen:
            reached = json.load(seen)
        require(not reached, f"{len(reached)} requests, such as {list(reached.values())[:1]}")


issuer = ForeignIssuer()
setting = Setting()
try:
    with Gateway(setting, "tenancy", threads=2, listen={"domain": DOMAIN},
                 more=f"issuers:\n  allow_http: [\"{issuer.address}\"]\n") as gateway:
        echo, counted = gateway.backend("echo"), gateway.backend("openai")
        modes = {"auth_modes": ["key", "aad_token", "aml_token"]}
        cors = {"cors": {"allowed_origins": ["https://beta.example"]}}
        gateway.apply("---\n".join([
            upstream_documents("open", to(echo), tenant="alpha", model_names=["alpha-7b"], **modes),
            upstream_documents("open", to(echo), tenant="beta", capture={"sampling_rate": 1}, **modes, **cors),
            upstream_documents("vault", {"only": (100, {"upstream": {
                "urls": [f"http://127.0.0.1:{counted.port}"], "model": backends.OWN_MODEL}})}, tenant="beta",
                model_names=[THEIRS["model"]], hosts=[THEIRS["host"]], **modes, **cors)]))
        gateway.command("issuers", "add", "alpha/entra", *issuer.arguments)
        held = credentials(gateway, issuer)
        check_own(gateway, held)
        check_matrix(gateway, held)
        check_admin(gateway)
        check_shared(gateway, issuer, counted)
finally:
    issuer.close()
check.finish()
