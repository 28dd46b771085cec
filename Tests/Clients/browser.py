"""A real browser: a public endpoint in its address bar, pages of other origins with fetch, and hostile origins."""
import json

import backends
from chromium import Chromium
from harness import Checks, Gateway, Setting, require, to, upstream_documents, wait_for
from pages import Site, fetch, refusals, stream

check = Checks("browser")
HOST, GATEWAY = "captions.test", "gateway.test"
HOSTILE = [
    "null", "https://evil.test", "https://app.test.evil.test", "https://evilapp.test", "http://app.test",
    "https://app.test:444", "https://app.test:443", "https://app_test", "https://app.test%60.evil.test",
    "https://app.test`.evil.test", "https://APP.TEST", "https://app.test/", "https://app.test.",
    "https://user@app.test", "https://sub.app.test", "https://app.tes", "https://app.test https://evil.test",
    "https://app.test,https://evil.test", "app.test", "*", "https://*", "https://app.test\tx", "https://xn--app-test",
    "file://", "chrome-extension://app.test", "https://app.test#x", "https://app.test?", "//app.test",
    "https:app.test", "https://[::1]",
]


def check_address_bar(browser):
    @check("the address bar opens a public endpoint's own host, without a header")
    def _():
        page = browser.open(f"https://{HOST}/caption?url=https%3A%2F%2Fexample.org%2Fcat.jpg")
        [response] = [entry for entry in page.responses() if "/caption" in entry["url"]]
        require(response["status"] == 200, f"status {response['status']}")
        require(response["securityDetails"]["issuer"], "no certificate")
        seen = json.loads(page.evaluate("document.body.innerText"))
        require(seen["target"] == "/caption?url=https%3A%2F%2Fexample.org%2Fcat.jpg", f"{seen['target']}")
        require("authorization" not in seen["headers"], "a credential reached the backend")
        return response["protocol"]

    @check("its limit by address holds in the address bar")
    def _():
        statuses = []
        for index in range(6):
            page = browser.open(f"https://{HOST}/caption?url={index}")
            statuses += [entry["status"] for entry in page.responses() if "/caption" in entry["url"]]
        require(statuses.count(429) >= 1 and statuses[-1] == 429, f"{statuses}")
        require("limit" in page.evaluate("document.body.innerText"), "the page does not say why")
        return f"{statuses}"


def check_allowed(page, key):
    with_key = {"headers": {"api-key": key, "content-type": "application/json"}}

    @check("an allowed origin calls with a key (preflight) and reads answer and headers")
    def _():
        answer = fetch(page, "/demo/open/score", **with_key)
        require(answer.get("status") == 200, f"{answer}, {page.failures()}")
        require(json.loads(answer["text"])["method"] == "POST", f"{answer}")
        shown = answer["headers"]
        for name in ["x-request-id", "azureml-model-deployment", "x-ratelimit-limit-requests",
                     "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests", "ratelimit", "ratelimit-policy"]:
            require(name in shown, f"the page cannot read {name}: {sorted(shown)}")

    @check("an allowed origin reads a stream as it comes")
    def _():
        answer = page.evaluate(f"stream('/demo/events/score?count=5&gap=0.25', {json.dumps(with_key)})")
        require(answer["status"] == 200 and answer["text"].endswith("[DONE]\n\n"), f"{answer}")
        first, last = answer["moments"][0], answer["moments"][-1]
        require(len(answer["moments"]) >= 5 and last - first >= 800, f"{answer['moments']}")
        return f"first after {first:.0f} ms, last after {last:.0f} ms"

    @check("errors are readable: 401, 403, 404, 429 with Retry-After, 503, 424")
    def _():
        wrong = {"headers": {"api-key": "wrong", "content-type": "application/json"}}
        found = {"401": fetch(page, "/demo/open/score", **wrong), "403": fetch(page, "/demo/narrow/score", **with_key),
                 "503": fetch(page, "/demo/shut/score", **with_key), "424": fetch(page, "/demo/dead/score", **with_key),
                 "404": fetch(page, "/demo/open/score", headers={
                     **with_key["headers"], "azureml-model-deployment": "none"})}
        for _ in range(3):
            found["429"] = fetch(page, "/demo/few/score", **with_key)
        for status, answer in found.items():
            require(answer.get("status") == int(status), f"{status}: {answer}")
            require(json.loads(answer["text"])["error"]["message"], f"{status}: {answer}")
        require(int(found["429"]["headers"]["retry-after"]) >= 1, f"{found['429']}")
        require(found["429"]["headers"]["x-ratelimit-remaining-requests"] == "0", f"{found['429']}")
        require(found["503"]["headers"]["retry-after"] == "60", f"{found['503']}")
        require("ms-azureml-model-error-reason" in found["424"]["headers"], f"{found['424']}")


def check_streams(allowed, stranger, arrivals, key):
    @check("a page of another origin cannot read a streamed answer, neither with a key nor where none is asked for")
    def _():
        path = "/demo/public-events/score?count=3&gap=0.1&page="
        open_to = stream(allowed, path + "allowed")
        require(open_to.get("status") == 200 and open_to["text"].endswith("[DONE]\n\n"), f"{open_to}")
        before = len(refusals(stranger))
        found = [stream(stranger, path + "stranger"),
                 stream(stranger, "/demo/events/score?count=3&gap=0.1", headers={"api-key": key})]
        require(found == [{"error": "TypeError"}] * 2, f"{found}")
        why = refusals(stranger)[before:]
        require(why == ["MissingAllowOriginHeader", "PreflightMissingAllowOriginHeader"], f"{why}")
        # The one without a preflight was answered: it is its answer that cannot be read.
        wait_for(lambda: "page=stranger" in arrivals.read_text(), 5, "the stranger's call to reach the backend")


def check_forms(allowed, stranger, key):
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    body = json.dumps({"model": "chat", "stream": True, "messages": [{"role": "user", "content": "hi"}]})
    for path in ["/v1/chat/completions", "/openai/deployments/chat/chat/completions?api-version=2024-10-21"]:
        @check(f"{path.partition('?')[0]} streams to a page of an allowed origin; another's cannot read it")
        def _():
            answer = stream(allowed, path, headers=headers, body=body)
            require(answer.get("status") == 200 and answer["text"].endswith("data: [DONE]\n\n"), f"{answer}")
            require("x-request-id" in answer["headers"], f"{answer['headers']}")
            wrong = {**headers, "authorization": "Bearer wrong"}
            error = fetch(allowed, path, headers=wrong, body=body)
            require(error.get("status") == 401 and json.loads(error["text"])["error"]["type"], f"{error}")
            # The preflight does not know the endpoint, and one is open to every origin: the answer has to refuse.
            before = len(refusals(stranger))
            found = [stream(stranger, path, headers=headers, body=body),
                     fetch(stranger, path, headers=headers, body=body.replace("true", "false"))]
            why = refusals(stranger)[before:]
            require(found == [{"error": "TypeError"}] * 2, f"{found}")
            require(why == ["MissingAllowOriginHeader"] * 2, f"{why}")


def check_refused(page, key):
    @check("a page of another origin cannot call with a key, nor read what needs no preflight")
    def _():
        with_key = fetch(page, "/demo/open/score", headers={"api-key": key})
        simple = fetch(page, "/demo/open/score")
        errors = fetch(page, "/demo/few/score", headers={"api-key": "wrong"})
        credentials = fetch(page, "/demo/open/score", credentials="include")
        require([with_key, simple, errors, credentials] == [{"error": "TypeError"}] * 4,
                f"{with_key}, {simple}, {errors}, {credentials}")

    @check("that page may call an endpoint that is open to every origin")
    def _():
        answer = fetch(page, "/demo/anybody/score", headers={"api-key": key})
        require(answer.get("status") == 200, f"{answer}")
        credentials = fetch(page, "/demo/anybody/score", headers={"api-key": key}, credentials="include")
        require(credentials == {"error": "TypeError"}, f"with credentials {credentials}")


def check_origins(gateway, key):
    def cors(headers):
        fields = [(name.lower(), value) for name, value in headers.items() if name.lower().startswith("access-control")]
        # Browsers refuse a field that comes twice, even with the same value.
        require(len(fields) == len(dict(fields)), f"fields come twice: {fields}")
        return dict(fields)

    def preflight(origin, path="/demo/strict/score", method="POST"):
        return gateway.request("OPTIONS", path, None, {
            "origin": origin, "access-control-request-method": method,
            "access-control-request-headers": "api-key,content-type"})

    @check("hostile origins get no permission, neither at the preflight nor in an answer or error")
    def _():
        wrong = []
        for origin in HOSTILE:
            asked = preflight(origin)
            answered = gateway.request("POST", "/demo/strict/score", {}, {"origin": origin, "api-key": key})
            failed = gateway.request("POST", "/demo/strict/score?x", {}, {
                "origin": origin, "azureml-model-deployment": "no", "api-key": key})
            for name, answer in [("preflight", asked), ("answer", answered), ("error", failed)]:
                if cors(answer.headers):
                    wrong.append(f"{name} for {origin!r}: {cors(answer.headers)}")
                if "Origin" not in (answer.getheader("vary") or "") and answer.status != 400:
                    wrong.append(f"{name} for {origin!r}: no Vary: Origin")
            if asked.status >= 500 or answered.status not in (200, 400):
                wrong.append(f"{origin!r}: {asked.status}, {answered.status}")
        require(not wrong, f"{len(wrong)}: {'; '.join(wrong[:4])}")
        return f"{len(HOSTILE)} origins"

    @check("the allowed origin gets exactly its permission, with credentials, also on errors and without Origin's echo")
    def _():
        origin = "https://app.test"
        asked = cors(preflight(origin).headers)
        require(asked["access-control-allow-origin"] == origin, f"{asked}")
        require(asked["access-control-allow-credentials"] == "true", f"{asked}")
        require(asked["access-control-max-age"] == "77", f"{asked}")
        allowed = asked["access-control-allow-headers"].lower()
        require(all(name in allowed for name in ["authorization", "api-key", "x-api-key", "azureml-model-deployment"]),
                allowed)
        for headers in [{"api-key": key}, {"api-key": "wrong"}, {"api-key": key, "azureml-model-deployment": "no"}]:
            answer = gateway.request("POST", "/demo/strict/score", {}, {"origin": origin, **headers})
            fields = [value for name, value in answer.getheaders() if name.lower() == "access-control-allow-origin"]
            require(fields == [origin], f"{answer.status}: {fields}")
            exposed = answer.getheader("access-control-expose-headers").lower()
            for name in ["retry-after", "x-ratelimit-", "ratelimit", "ratelimit-policy", "x-request-id", "ms-azureml-"]:
                require(name in exposed, exposed)
        plain = gateway.request("POST", "/demo/strict/score", {}, {"api-key": key})
        require(not cors(plain.headers) and "Origin" in plain.getheader("vary", ""), f"{plain.getheaders()}")
        deleted = cors(preflight(origin, method="DELETE").headers)
        require("access-control-allow-methods" not in deleted, "DELETE is allowed")

    @check("an endpoint without rules of its own takes the tenant's; the backend's CORS headers reach nobody")
    def _():
        answers = [gateway.request("POST", "/broad/plain/score", {}, {"origin": origin, "api-key": gateway.created(
            "keys", "list", "broad/plain")["primaryKey"]}) for origin in ["https://broad.test", "https://app.test"]]
        found = [cors(answer.headers).get("access-control-allow-origin") for answer in answers]
        require(found == ["https://broad.test", None], f"{found}")
        asked = cors(preflight("https://broad.test", "/broad/plain/score").headers)
        require(asked.get("access-control-allow-origin") == "https://broad.test", f"{asked}")
        other = gateway.request("POST", "/broad/own/score", {}, {"origin": "https://broad.test", "api-key": "wrong"})
        require(not cors(other.headers), f"the tenant's rule holds beside the endpoint's own: {cors(other.headers)}")

    @check("preflights need no credential and are not counted")
    def _():
        statuses = {preflight("https://app.test", "/demo/one/score").status for _ in range(20)}
        require(statuses <= {200, 204}, f"{statuses}")
        status = gateway.request("POST", "/demo/one/score", {}, {"api-key": key}).status
        require(status == 200, f"the only request gave {status}")


site = Site(GATEWAY)
setting = Setting()
with Gateway(setting, "browser", hosts=[HOST, GATEWAY]) as gateway:
    arrivals = gateway.directory / "arrivals"
    echo, events = gateway.backend("echo"), gateway.backend("events", "--arrivals", arrivals)
    model = {"urls": [f"http://127.0.0.1:{gateway.backend('openai').port}"], "model": backends.OWN_MODEL}
    page_host, stranger = "app.test", "stranger.test"
    page_origin = f"http://{page_host}:{site.address.partition(':')[2]}"
    cors = {"cors": {"allowed_origins": [page_origin], "max_age": 60}}
    dead = {"only": (100, {"upstream": {"urls": ["http://127.0.0.1:9"]}})}
    strict = {"cors": {"allowed_origins": ["https://app.test"], "allow_credentials": True, "max_age": 77}}
    gateway.apply("---\n".join([
        upstream_documents("captions", to(echo), auth_mode="none", public=True, hosts=[HOST], rate_limits=[
            {"requests": 4, "per": "hour", "by": "address"}]),
        upstream_documents("open", to(echo), rate_limits=[{"requests": 1000, "per": "minute"}], **cors),
        upstream_documents("chat", {"only": (100, {"upstream": model})}, **cors),
        upstream_documents("public-events", to(events), auth_mode="none", public=True, rate_limits=[
            {"requests": 100, "per": "hour", "by": "address"}], **cors),
        upstream_documents("events", to(events), **cors), upstream_documents("shut", to(echo), **cors),
        upstream_documents("few", to(echo), rate_limits=[{"requests": 2, "per": "hour"}], **cors),
        upstream_documents("narrow", to(echo), allowed_networks=["127.0.0.77/32"], **cors),
        upstream_documents("dead", dead, **cors),
        upstream_documents("anybody", to(echo), cors={"allowed_origins": ["*"]}),
        upstream_documents("strict", to(echo), **strict),
        upstream_documents("one", to(echo), rate_limits=[{"requests": 1, "per": "hour"}], **strict),
        "kind: tenant\nname: broad\ncors: {allowed_origins: [https://broad.test]}\n",
        upstream_documents("plain", to(echo), tenant="broad"),
        upstream_documents("own", to(echo), tenant="broad", **strict)]), waits=False)
    gateway.command("endpoints", "maintenance", "on", "demo/shut", "--message", "Later", "--retry-after", "60s")
    key = gateway.created("keys", "named", "create", "demo/page")["key"]
    check_origins(gateway, key)
    with Chromium(gateway.directory, gateway.authority, {
            f"{HOST}:443": f"127.0.0.1:{gateway.port}", f"{GATEWAY}:443": f"127.0.0.1:{gateway.port}",
            page_host: "127.0.0.1", stranger: "127.0.0.1"}) as browser:
        check_address_bar(browser)
        allowed = browser.open(page_origin + "/")
        refused = browser.open(page_origin.replace(page_host, stranger) + "/")
        check_allowed(allowed, key)
        check_refused(refused, key)
        check_streams(allowed, refused, arrivals, key)
        check_forms(allowed, refused, key)
site.server.shutdown()
check.finish()
