"""curl, h2load and openssl s_client: both HTTP versions, both TLS versions, resumption, streamed events in time."""
import json
import re
import subprocess
import time

import httpx

from harness import Checks, Gateway, Setting, require, run, upstream_documents

check = Checks("protocols")
BODY = json.dumps({"hello": "world"})


def check_curl(gateway, key):
    for flag, version in [("--http1.1", "1.1"), ("--http2", "2")]:
        @check(f"curl {flag}")
        def _():
            output = run("curl", "--silent", "--show-error", flag, "--cacert", gateway.authority, "--max-time", "20",
                         "-H", f"api-key: {key}", "-H", "content-type: application/json", "-d", BODY,
                         "-w", "\n%{http_code} %{http_version}",
                         f"https://localhost:{gateway.port}/demo/logging/score")
            body, _, facts = output.rpartition("\n")
            require(facts == f"200 {version}", f"{facts}: {body[:200]}")
            require(json.loads(body) == {"answered_by": "blue"}, body[:200])

    @check("curl without a key is refused")
    def _():
        output = run("curl", "--silent", "--cacert", gateway.authority, "-o", "/dev/null", "-w", "%{http_code}",
                     "-d", BODY, f"https://localhost:{gateway.port}/demo/logging/score")
        require(output == "401", output)


def check_h2load(gateway, key):
    @check("h2load: 2,000 requests on 8 connections, 10 streams each")
    def _():
        path = gateway.directory / "body.json"
        path.write_text(BODY)
        output = run("h2load", "-n", "2000", "-c", "8", "-m", "10", "-d", path, "-H", f"api-key: {key}",
                     "-H", "content-type: application/json", f"https://localhost:{gateway.port}/demo/logging/score")
        require("2000 succeeded, 0 failed, 0 errored" in output, output[-600:])
        require("2000 2xx" in output, output[-600:])
        rate = re.search(r"([\d.]+) req/s", output)
        return f"{rate.group(1)} requests/s" if rate else None


def check_tls(gateway):
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    def connect(version, *arguments):
        output = run("openssl", "s_client", "-connect", f"localhost:{gateway.port}", "-servername", "localhost",
                     version, "-CAfile", gateway.authority, "-verify_return_error", "-verify_hostname", "localhost",
                     "-ign_eof", *arguments, stdin=None, input=request.decode(), stderr=subprocess.STDOUT)
        require("Verify return code: 0 (ok)" in output, output[-400:])
        require("200" in output, "no answer over this connection")
        return output

    for version, name in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")]:
        @check(f"openssl s_client {version}, then the session resumed")
        def _():
            session = gateway.directory / f"session{version}.pem"
            first = connect(version, "-sess_out", session)
            require(f"New, {name}" in first, f"not a new {name} session: {first[-400:]}")
            second = connect(version, "-sess_in", session)
            require(f"Reused, {name}" in second, "the session was not resumed")

    @check("openssl s_client -tls1_1 is refused")
    def _():
        try:
            connect("-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")
        except Exception:
            return
        require(False, "TLS 1.1 was taken")


def check_events(gateway, key):
    for name, http2 in [("HTTP/1.1", False), ("HTTP/2", True)]:
        @check(f"{name}: every event passes within 100 ms of the upstream's, the first one too")
        def _():
            late = []
            with httpx.Client(verify=str(gateway.authority), http2=http2, timeout=20) as client:
                for _ in range(5):
                    with client.stream("POST", f"https://localhost:{gateway.port}/demo/events/score?count=4&gap=0.1",
                                       headers={"api-key": key}) as response:
                        require(response.status_code == 200, f"status {response.status_code}")
                        require(response.http_version == name, response.http_version)
                        lines = 0
                        for line in response.iter_lines():
                            if line.startswith("data: {"):
                                late.append(time.time() - json.loads(line[6:])["sent"])
                                lines += 1
                        require(lines == 4, f"{lines} events of 4")
            require(max(late) <= 0.1, f"{max(late) * 1000:.0f} ms")
            return f"{max(late) * 1000:.1f} ms at worst of {len(late)}"


setting = Setting()
with Gateway(setting, "protocols") as gateway:
    logging = gateway.backend("logging", "--log", gateway.directory / "ids", "--name", "blue", "--delay", "0")
    events = gateway.backend("events")
    for endpoint, backend in [("logging", logging), ("events", events)]:
        gateway.apply(upstream_documents(endpoint, {"only": (100, {"upstream": {
            "urls": [f"http://127.0.0.1:{backend.port}"]}})}))
    key = gateway.key("logging")
    check_curl(gateway, key)
    check_h2load(gateway, key)
    check_tls(gateway)
    check_events(gateway, gateway.key("events"))
check.finish()
