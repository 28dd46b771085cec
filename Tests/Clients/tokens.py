"""The built-in issuer: azure-identity and the OpenAI SDK, unchanged, and the gateway's own endpoint tokens."""
import json
import logging
import os
import time
import uuid

import azure.identity
import jwt
import openai
from azure.core.exceptions import ClientAuthenticationError

import backends
from harness import Checks, Gateway, Setting, require, to, upstream_documents, wait_for

check = Checks("tokens")
# azure-identity reports every refusal that a check provokes.
logging.getLogger("azure").setLevel(logging.CRITICAL)
MESSAGES = [{"role": "user", "content": "What is the capital of France?"}]
SCOPES = ["https://ml.azure.com/.default", "https://cognitiveservices.azure.com/.default", "api://gatehouse/.default"]


def refused(kind, action):
    """The error of this kind that an action ends with."""
    try:
        action()
    except kind as error:
        return error
    require(False, f"no {kind.__name__}")


def credential(gateway, principal, tenant="demo", secret=None, port=None):
    return azure.identity.ClientSecretCredential(
        tenant, principal["clientId"], secret or principal["secrets"][0]["secret"],
        authority=f"https://localhost:{port or gateway.port}", disable_instance_discovery=True,
        connection_verify=str(gateway.authority))


def ask(gateway, token, model="chat"):
    client = openai.OpenAI(base_url=f"https://localhost:{gateway.port}/v1", api_key=token, max_retries=0)
    return client.chat.completions.create(model=model, messages=MESSAGES).choices[0].message.content


def post(gateway, path, token, header="authorization"):
    value = f"Bearer {token}" if header == "authorization" else token
    return gateway.request("POST", path, {"inputs": "x"}, {header: value})


def seconds_until(question, what):
    started = time.monotonic()
    wait_for(question, 5, what)
    return time.monotonic() - started


def check_credentials(gateway, principal):
    for scope in SCOPES:
        @check(f"ClientSecretCredential for {scope}, and the OpenAI SDK with that token")
        def _():
            token = credential(gateway, principal).get_token(scope)
            require(3000 < token.expires_on - time.time() <= 3600, f"it expires at {token.expires_on}")
            require(ask(gateway, token.token) == "".join(backends.WORDS), "another answer")

    @check("tenant adfs: EnvironmentCredential and DefaultAzureCredential without any flag")
    def _():
        os.environ.update(
            AZURE_AUTHORITY_HOST=f"https://localhost:{gateway.port}", AZURE_TENANT_ID="adfs",
            AZURE_CLIENT_ID=principal["clientId"], AZURE_CLIENT_SECRET=principal["secrets"][0]["secret"],
            REQUESTS_CA_BUNDLE=str(gateway.authority))
        for kind in [azure.identity.EnvironmentCredential, azure.identity.DefaultAzureCredential]:
            require(ask(gateway, kind().get_token(SCOPES[0]).token), f"{kind.__name__}: no answer")

    @check("AzureOpenAI with a token provider")
    def _():
        provider = azure.identity.get_bearer_token_provider(credential(gateway, principal), SCOPES[1])
        client = openai.AzureOpenAI(azure_endpoint=f"https://localhost:{gateway.port}", api_version="2024-10-21",
                                    azure_ad_token_provider=provider, max_retries=0)
        answer = client.chat.completions.create(model="chat", messages=MESSAGES)
        require(answer.choices[0].message.content == "".join(backends.WORDS), "another answer")

    @check("a wrong secret, an unknown client and another tenant are a ClientAuthenticationError")
    def _():
        gateway.command("tenants", "create", "other")
        for wrong in [credential(gateway, principal, secret="wrong"),
                      credential(gateway, {**principal, "clientId": str(uuid.uuid4())}),
                      credential(gateway, principal, tenant="other")]:
            refused(ClientAuthenticationError, lambda: wrong.get_token(SCOPES[0]))

    @check("a token for somebody else is not issued")
    def _():
        error = refused(ClientAuthenticationError, lambda: credential(gateway, principal).get_token(
            "https://graph.microsoft.com/.default"))
        require("scope" in str(error), f"{error}")


def check_interoperation(gateway, principal):
    """The issuer's documents as other programs read them, on both listeners."""
    def get(path, port):
        connection = gateway.connection(port=port)
        connection.request("GET", path)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        require(response.status == 200, f"{path} gave {response.status}")
        return json.loads(content)

    for name, port in [("data", gateway.port), ("admin", gateway.admin)]:
        @check(f"on the {name} listener: discovery, keys, and a token that PyJWT verifies with them")
        def _():
            documents = [get(path, port) for path in [
                "/demo/v2.0/.well-known/openid-configuration", "/adfs/.well-known/openid-configuration"]]
            for document in documents:
                for member in ["issuer", "token_endpoint", "authorization_endpoint", "jwks_uri"]:
                    require(document.get(member, "").startswith("https://"), f"{member} is {document.get(member)}")
            keys = {key["kid"]: key for key in get("/demo/discovery/v2.0/keys", port)["keys"]}
            require(not any("d" in key for key in keys.values()), "a private key is published")
            token = credential(gateway, principal, port=port).get_token(SCOPES[0]).token
            key = jwt.PyJWK(keys[jwt.get_unverified_header(token)["kid"]])
            claims = jwt.decode(token, key, ["ES256", "RS256"], audience="https://ml.azure.com",
                                issuer=documents[0]["issuer"])
            require(claims["appid"] == claims["azp"] == principal["clientId"] and claims["azpacr"] == "1", f"{claims}")

    @check("an expired secret is a ClientAuthenticationError")
    def _():
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
        brief = gateway.created("principals", "secrets", "add", "demo/batch", "--expires", end)["secret"]
        credential(gateway, principal, secret=brief).get_token(SCOPES[0])
        time.sleep(2.1)
        refused(ClientAuthenticationError, lambda: credential(gateway, principal, secret=brief).get_token(SCOPES[0]))


def check_secrets(gateway, principal):
    @check("two secrets are good at once; a removed one is a ClientAuthenticationError")
    def _():
        fresh = gateway.created("principals", "secrets", "add", "demo/batch")
        for secret in [None, fresh["secret"]]:
            credential(gateway, principal, secret=secret).get_token(SCOPES[0])
        gateway.command("principals", "secrets", "remove", "demo/batch", fresh["id"])
        refused(ClientAuthenticationError, lambda: credential(gateway, principal, secret=fresh["secret"]).get_token(
            SCOPES[0]))
        credential(gateway, principal).get_token(SCOPES[0])

    @check("no secret stands in the store")
    def _():
        secret = principal["secrets"][0]["secret"].encode()
        for path in gateway.directory.glob("*.db*"):
            require(secret not in path.read_bytes(), f"the secret is in {path.name}")


def check_withdrawal(gateway, principal):
    @check("a disabled principal is refused within 1 s, and opens again when enabled")
    def _():
        token = credential(gateway, principal).get_token(SCOPES[0]).token
        ask(gateway, token)
        gateway.command("principals", "disable", "demo/batch")
        late = seconds_until(lambda: post(gateway, "/demo/chat/v1/x", token).status == 401, "401 for its token")
        require(late <= 1, f"{late:.2f} s")
        refused(openai.AuthenticationError, lambda: ask(gateway, token))
        refused(ClientAuthenticationError, lambda: credential(gateway, principal).get_token(SCOPES[0]))
        gateway.command("principals", "enable", "demo/batch")
        require(ask(gateway, credential(gateway, principal).get_token(SCOPES[0]).token), "no answer")
        return f"{late * 1000:.0f} ms"

    @check("a removed role is a PermissionDeniedError")
    def _():
        token = credential(gateway, principal).get_token(SCOPES[0]).token
        ask(gateway, token)
        gateway.command("roles", "remove", "demo/batch-invokes")
        error = refused(openai.PermissionDeniedError, lambda: ask(gateway, token))
        require(error.body and error.body.get("message"), f"no OpenAI error body: {error.body}")


def check_endpoint_tokens(gateway, principal, issued):
    """`issued` keeps the endpoint token for the checks after the one that gets it."""
    bearer = credential(gateway, principal).get_token(SCOPES[0]).token

    @check("a caller with role token gets an endpoint token and calls with it")
    def _():
        require(post(gateway, "/demo/scores/token", bearer).status == 403, "it was issued without the role")
        gateway.command("roles", "assign", "demo/asks", "--role", "token", "--application", principal["clientId"],
                        "--endpoint", "scores", "--endpoint", "both")
        response = post(gateway, "/demo/scores/token", bearer)
        require(response.status == 200, f"{response.status}: {response.content[:200]}")
        answer = json.loads(response.content)
        issued["token"] = answer["accessToken"]
        require(answer["tokenType"] == "Bearer", f"{answer['tokenType']}")
        require(0 < answer["expiryTimeUtc"] - time.time() <= 3600, f"expiry {answer['expiryTimeUtc']}")
        require(time.time() < answer["refreshAfterTimeUtc"] < answer["expiryTimeUtc"], "it is never to be refreshed")
        response = post(gateway, "/demo/scores/score", issued["token"])
        require(response.status == 200, f"calling with it gave {response.status}: {response.content[:200]}")

    @check("an endpoint token opens nothing else and gets no other token")
    def _():
        token = issued["token"]
        statuses = {path: post(gateway, path, token).status for path in [
            "/demo/both/score", "/demo/keyed/score", "/demo/chat/score", "/demo/scores/token", "/demo/both/token"]}
        require(set(statuses.values()) == {403}, f"{statuses}")

    @check("an endpoint without aml_token gives out none")
    def _():
        gateway.command("roles", "assign", "demo/all", "--role", "token", "--application", principal["clientId"])
        response = post(gateway, "/demo/chat/token", bearer)
        require(response.status == 404, f"{response.status}: {response.content[:200]}")
        gateway.command("roles", "remove", "demo/all")

    @check("one endpoint takes key, aad_token and aml_token; others take only theirs")
    def _():
        gateway.command("roles", "assign", "demo/invokes", "--role", "invoke", "--application", principal["clientId"])
        key = gateway.key("both")
        own = json.loads(post(gateway, "/demo/both/token", bearer).content)["accessToken"]
        statuses = {
            "key": post(gateway, "/demo/both/score", key, "api-key").status,
            "aad_token": post(gateway, "/demo/both/score", bearer).status,
            "aml_token": post(gateway, "/demo/both/score", own).status}
        require(set(statuses.values()) == {200}, f"{statuses}")
        statuses = [post(gateway, "/demo/keyed/score", bearer).status,
                    post(gateway, "/demo/scores/score", bearer).status,
                    post(gateway, "/demo/chat/score", gateway.key("chat"), "api-key").status]
        require(statuses == [403, 403, 403], f"a credential of another kind gave {statuses}")

    @check("two different credentials in one request are refused, and one in the query")
    def _():
        key = gateway.key("both")
        both = gateway.request("POST", "/demo/both/score", {}, {"authorization": f"Bearer {bearer}", "api-key": key})
        query = gateway.request("POST", f"/demo/both/score?api-key={key}", {}, {"api-key": key})
        require([both.status, query.status] == [401, 401], f"{both.status}, {query.status}")
        require(both.getheader("www-authenticate"), "no WWW-Authenticate")


setting = Setting()
with Gateway(setting, "tokens", threads=2) as gateway:
    os.environ["SSL_CERT_FILE"] = str(gateway.authority)
    openai_like = gateway.backend("openai")
    plain = gateway.backend("logging", "--log", gateway.directory / "ids", "--delay", "0")
    model = {"upstream": {"urls": [f"http://127.0.0.1:{openai_like.port}"], "model": backends.OWN_MODEL}}
    gateway.apply("---\n".join([
        upstream_documents("chat", {"only": (100, model)}, auth_mode="aad_token"),
        upstream_documents("scores", to(plain), auth_mode="aml_token"),
        upstream_documents("keyed", to(plain)),
        upstream_documents("both", to(plain), auth_modes=["key", "aad_token", "aml_token"])]))
    principal = gateway.created("principals", "create", "demo/batch")
    gateway.command("roles", "assign", "demo/batch-invokes", "--role", "invoke", "--application",
                    principal["clientId"], "--issuer", "built-in", "--endpoint", "chat")
    check_credentials(gateway, principal)
    check_interoperation(gateway, principal)
    check_secrets(gateway, principal)
    check_withdrawal(gateway, principal)
    check_endpoint_tokens(gateway, principal, {})
check.finish()
