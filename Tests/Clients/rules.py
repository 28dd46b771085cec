"""Limits of every owner and kind, what requests pay in the end, and what closes an endpoint or a tenant."""
import json
import os
import time

import openai

import backends
from harness import Checks, Gateway, Setting, require, to, upstream_documents, wait_for
from storm import Storm

check = Checks("rules")
OWN_RULES = {"metered": "quotas", "braked": "rate_limits"}


def check_others(gateway):
    def passed(answers):
        return sum(answer.status == 200 for answer in answers)

    @check("a limit by client address counts each by itself, on all event loops together")
    def _():
        requests = [("/demo/addressed/score", {"api-key": gateway.key("addressed")}, b"{}")] * 60
        counts = [passed(Storm(gateway, requests, source=f"127.0.0.{index}").run()) for index in range(2, 6)]
        require(counts == [10] * 4, f"{counts}")

    @check("warn_only lets all pass and says so")
    def _():
        requests = [("/demo/warned/score", {"api-key": gateway.key("warned")}, b"{}")] * 50
        answers = Storm(gateway, requests).run()
        warned = sum("x-gatehouse-limit-warning" in answer.headers for answer in answers)
        require(passed(answers) == 50, f"{passed(answers)} passed")
        require(warned == 45, f"{warned} answers warn")
        state = gateway.created("limits", "show", "demo/warned")["state"][0]
        require(state["warnOnly"] and state.get("warned") == 45, f"{state}")

    @check("a named key's own limit, and the tenant's over all")
    def _():
        key = gateway.created(
            "keys", "named", "create", "demo/app", "--endpoint", "plain", "--requests", "7/hour")["key"]
        requests = [("/demo/plain/score", {"api-key": key}, b"{}")] * 40
        count = passed(Storm(gateway, requests).run())
        require(count == 7, f"{count} passed")
        other = gateway.request("POST", "/demo/plain/score", {}, {"api-key": gateway.key("plain")})
        require(other.status == 200, f"another key gave {other.status}")
        gateway.command("limits", "set", "narrow", "--requests", "11/hour")
        keys = {name: gateway.created("keys", "list", f"narrow/{name}")["primaryKey"] for name in ["one", "two"]}
        requests = [(f"/narrow/{name}/score", {"api-key": key}, b"{}") for name, key in keys.items()] * 20
        count = passed(Storm(gateway, requests).run())
        require(count == 11, f"{count} passed")

    @check("bytes of bodies are limited")
    def _():
        requests = [("/demo/heavy/score", {"api-key": gateway.key("heavy")}, b" " * 100)] * 40
        count = passed(Storm(gateway, requests).run())
        require(count == 13, f"{count} passed")


def check_settling(gateway):
    """One request reserves everything or nothing, and pays what it has really used."""
    def state(resource):
        return gateway.created("limits", "show", resource)["state"][0]

    def status(endpoint, key=None):
        headers = {"api-key": key or gateway.key(endpoint)}
        return gateway.request("POST", f"/demo/{endpoint}/score", {}, headers).status

    @check("a request that one limit refuses takes nothing of the others")
    def _():
        key = gateway.created("keys", "named", "create", "demo/few", "--requests", "3/hour")["key"]
        requests = [("/demo/shared/score", {"api-key": key}, b"{}")] * 50
        answers = Storm(gateway, requests).run()
        passed = sum(answer.status == 200 for answer in answers)
        used = state("demo/shared")["used"]
        require(passed == 3 and used == 3, f"{passed} passed, {used} are counted")

    @check("calls that the backend did not answer are given back")
    def _():
        found = {status("dead") for _ in range(12)}
        require(found == {424}, f"{found}")
        require(state("demo/dead")["used"] == 0, f"{state('demo/dead')}")

    @check("tokens: the estimate is replaced by what was used, streamed or not")
    def _():
        client = openai.OpenAI(base_url=f"https://localhost:{gateway.port}/v1", api_key=gateway.key("settled"),
                               max_retries=0)
        total = 0
        for stream in [False, True]:
            answer = client.chat.completions.create(
                model="settled", max_tokens=4000, stream=stream, messages=[{"role": "user", "content": "a b c"}])
            for _ in answer if stream else ():
                pass
            total += 3 + len(backends.WORDS)
        wait_for(lambda: state("demo/settled")["used"] <= total, 5, "the estimate of 4,000 tokens to be given back")
        used = state("demo/settled")["used"]
        require(total - 2 <= used <= total, f"{used} instead of {total}")

    @check("a caller that goes away gives its place back within 1 s")
    def _():
        key = gateway.key("single")
        worst = 0
        for _ in range(5):
            connection = gateway.connection()
            connection.request("POST", "/demo/single/score?count=50&gap=0.2", "{}", {
                "api-key": key, "content-type": "application/json"})
            connection.getresponse().read1(10)
            require(status("single", key) == 429, "two run at a time")
            connection.sock.shutdown(2)
            connection.close()
            started = time.monotonic()
            short = ("POST", "/demo/single/score?count=1", {}, {"api-key": key})
            wait_for(lambda: gateway.request(*short).status == 200, 5, "its place")
            worst = max(worst, time.monotonic() - started)
        require(worst <= 1, f"{worst:.2f} s")
        return f"{worst * 1000:.0f} ms at worst"

    @check("Retry-After tells the truth: then it passes, and not a second earlier")
    def _():
        key = gateway.key("slow")
        for turn in range(2):
            require(status("slow", key) == 200, f"turn {turn}: refused after Retry-After")
            refused = gateway.request("POST", "/demo/slow/score", {}, {"api-key": key})
            wait = int(refused.getheader("retry-after"))
            require(refused.status == 429 and wait == 3, f"{refused.status}, Retry-After {wait}")
            time.sleep(wait - 1)
            require(status("slow", key) == 429, "it passed a second early")
            time.sleep(1.05)


def check_fallback(gateway):
    """What a deployment's own rule refuses, the endpoint's fallback answers."""
    def answer(endpoint, key, **headers):
        return gateway.request("POST", f"/demo/{endpoint}/score", {}, {"api-key": key, **headers})

    for endpoint, rule in OWN_RULES.items():
        @check(f"with a deployment's own {rule} of 3 used up, its fallback answers and says quota; who pins it gets 429")
        def _():
            key = gateway.key(endpoint)
            before = {name: logged(gateway, name) for name in ["blue", "green"]}
            answers = [answer(endpoint, key) for _ in range(8)]
            require([found.status for found in answers] == [200] * 8, f"{[found.status for found in answers]}")
            said = [(found.getheader("azureml-model-deployment"), found.getheader("x-gatehouse-fallback"))
                    for found in answers]
            require(said == [("blue", None)] * 3 + [("green", "quota")] * 5, f"{said}")
            counts = {name: logged(gateway, name) - before[name] for name in before}
            require(counts == {"blue": 3, "green": 5}, f"by the servers' own logs {counts}")
            pinned = answer(endpoint, key, **{"azureml-model-deployment": "blue"})
            require(pinned.status == 429 and not pinned.getheader("x-gatehouse-fallback"), f"pinned: {pinned.status}")
            state = gateway.created("limits", "show", f"demo/{endpoint}/blue")["state"][0]
            require(state["used"] == 3, f"{state}")


def logged(gateway, name):
    path = gateway.directory / f"{name}.ids"
    return len(path.read_text().split()) if path.exists() else 0


def fallback_documents(gateway):
    """Endpoints whose first deployment has a rule of its own and whose second answers in its place."""
    urls = {name: f"http://127.0.0.1:{gateway.backend('logging', '--log', gateway.directory / f'{name}.ids').port}"
            for name in ["blue", "green"]}
    for endpoint, rule in OWN_RULES.items():
        period = "month" if rule == "quotas" else "hour"
        yield upstream_documents(endpoint, {
            "blue": (100, {"upstream": {"urls": [urls["blue"]]}, rule: [{"requests": 3, "per": period}]}),
            "green": (0, {"upstream": {"urls": [urls["green"]]}})}, fallback=["green"])


def check_closing(gateway):
    def status(source=None, endpoint="plain", key=None):
        answer = gateway.request("POST", f"/demo/{endpoint}/score", {}, {"api-key": key or gateway.key(endpoint)},
                                 source=source)
        return answer.status

    @check("a suspended tenant's credentials open nothing until it is resumed")
    def _():
        key = gateway.key("plain")
        gateway.command("tenants", "suspend", "demo")
        suspended = gateway.request("POST", "/demo/plain/score", {}, {"api-key": key})
        require(suspended.status == 403 and b"suspended" in suspended.content, f"{suspended.status}")
        gateway.command("tenants", "resume", "demo")
        require(status() == 200, "closed after it was resumed")

    @check("maintenance answers 503 with message and Retry-After, on every URL form")
    def _():
        message = 'Back at "noon" \\ later'
        gateway.command("endpoints", "maintenance", "on", "demo/plain", "--message", message, "--retry-after", "90s")
        key = gateway.key("plain")
        for path, body in [("/demo/plain/score", {}), ("/v1/chat/completions", {"model": "plain", "messages": []})]:
            answer = gateway.request("POST", path, body, {"authorization": f"Bearer {key}"})
            require(answer.status == 503 and answer.getheader("retry-after") == "90", f"{path}: {answer.status}")
            require(json.loads(answer.content)["error"]["message"] == message, f"{path}: {answer.content}")
        gateway.command("endpoints", "maintenance", "off", "demo/plain")
        require(status() == 200, "closed after maintenance")

    @check("allowed_networks of an endpoint and of a key")
    def _():
        key = gateway.created("keys", "named", "create", "demo/near", "--network", "127.0.0.3/32")["key"]
        found = {"here": status("127.0.0.2", "guarded"), "elsewhere": status("127.0.0.1", "guarded"),
                 "key here": status("127.0.0.3", "plain", key), "key elsewhere": status("127.0.0.2", "plain", key),
                 "both": status("127.0.0.3", "guarded", key)}
        due = {"here": 200, "elsewhere": 403, "key here": 200, "key elsewhere": 403, "both": 403}
        require(found == due, f"{found}")

    @check("public_network_access: disabled opens to listen.private_networks only")
    def _():
        found = status("127.0.0.9", "private"), status("127.0.0.1", "private")
        require(found == (200, 403), f"{found}")


setting = Setting()
with Gateway(setting, "rules", threads=4, listen={"private_networks": ["127.0.0.9/32"]}) as gateway:
    os.environ["SSL_CERT_FILE"] = str(gateway.authority)
    openai_like, events = gateway.backend("openai"), gateway.backend("events")
    plain = gateway.backend("logging", "--log", gateway.directory / "ids", "--delay", "0")
    model = {"urls": [f"http://127.0.0.1:{openai_like.port}"], "model": backends.OWN_MODEL}
    gateway.apply("---\n".join([
        upstream_documents("addressed", to(plain), rate_limits=[{"requests": 10, "per": "hour", "by": "address"}]),
        upstream_documents("warned", to(plain), rate_limits=[{"requests": 5, "per": "hour", "warn_only": True}]),
        upstream_documents("heavy", to(plain), rate_limits=[{"body_bytes": 1350, "per": "hour"}]),
        upstream_documents("guarded", to(plain), allowed_networks=["127.0.0.2/32"]),
        upstream_documents("private", to(plain), top="public_network_access: disabled\n"),
        upstream_documents("shared", to(plain), rate_limits=[{"requests": 1000, "per": "hour"}]),
        upstream_documents("dead", {"only": (100, {"upstream": {"urls": ["http://127.0.0.1:9"]}})}, rate_limits=[
            {"requests": 5, "per": "hour"}]),
        upstream_documents("settled", {"only": (100, {"upstream": model})}, rate_limits=[
            {"tokens": 9000, "per": "hour"}]),
        upstream_documents("single", to(events), rate_limits=[{"concurrent": 1}]),
        upstream_documents("slow", to(plain), rate_limits=[{"requests": 20, "per": "minute", "burst": 1}]),
        upstream_documents("plain", to(plain)), upstream_documents("one", to(plain), tenant="narrow"),
        upstream_documents("two", to(plain), tenant="narrow"), *fallback_documents(gateway)]), waits=False)
    check_others(gateway)
    check_settling(gateway)
    check_fallback(gateway)
    check_closing(gateway)
check.finish()
