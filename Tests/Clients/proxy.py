"""A proxy on the way to `https:` upstreams: the gateway asks it for a tunnel as its environment says."""
import contextlib
import http.server
import socket
import ssl
import threading

from harness import Checks, Gateway, Setting, require, run, upstream_documents, wait_for

check = Checks("proxy")
setting = Setting()
# A name that only the proxy can reach.
FAR = "models.test"
HTTPS_PORT = 443


def certificate(directory):
    """An authority's file and the pair of a certificate of it, for the far name and for loopback."""
    directory.mkdir()
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]
    run("openssl", "req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=proxy test CA",
        cwd=directory)
    run("openssl", "req", "-x509", *curve, "-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", "server.key",
        "-out", "server.pem", "-subj", f"/CN={FAR}", "-addext", "basicConstraints=critical,CA:FALSE",
        "-addext", f"subjectAltName=DNS:{FAR},DNS:localhost,IP:127.0.0.1", cwd=directory)
    return directory / "ca.pem", directory / "server.pem", directory / "server.key"


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers every POST and counts them."""

    protocol_version = "HTTP/1.1"
    count = 0

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        type(self).count += 1
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def secure_upstream(pair):
    """The port of an HTTPS server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


class Recorder:
    """A proxy that notes every request line and the head under it; every tunnel ends at `target`, whatever was asked."""

    def __init__(self, target):
        self.target, self.asked, self.heads, self.clients = target, [], [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.clients.append(client)
            threading.Thread(target=self.tunnel, args=[client], daemon=True).start()

    def tunnel(self, client):
        head = b""
        while b"\r\n\r\n" not in head and (part := client.recv(4096)):
            head += part
        self.asked.append(head.partition(b"\r\n")[0].decode())
        self.heads.append(head.decode())
        if not head.startswith(b"CONNECT "):
            return client.close()
        upstream = socket.create_connection(("127.0.0.1", self.target))
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        threading.Thread(target=self.copy, args=[upstream, client], daemon=True).start()
        self.copy(client, upstream)

    @staticmethod
    def copy(source, target):
        with contextlib.suppress(OSError):
            while part := source.recv(65536):
                target.sendall(part)
        Recorder.end(source)
        Recorder.end(target)

    @staticmethod
    def end(stream):
        with contextlib.suppress(OSError):
            stream.shutdown(socket.SHUT_RDWR)

    def close(self):
        """Ends the proxy with all its tunnels."""
        self.end(self.listener)
        self.listener.close()
        for client in self.clients:
            self.end(client)

    def asked_for(self, name):
        return [line for line in self.asked if f" {name}" in line]


authority, *pair = certificate(setting.directory / "proxy-authority")
port = secure_upstream(pair)
recorder, other = Recorder(port), Recorder(port)


def gateway_with(name, **variables):
    """A gateway whose environment has of all proxy variables only these; in `no_proxy` an empty one counts as none."""
    unset = {key: "" for word in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] for key in [word, word.upper()]}
    return Gateway(setting, name, environment={**unset, **variables})


def endpoint(gateway, name, url, waits=True):
    """A call of an endpoint with this upstream."""
    upstream = {"urls": [url], "ca": str(authority)} if url.startswith("https:") else {"urls": [url]}
    gateway.apply(upstream_documents(name, {"only": (100, {"upstream": upstream})}), waits)
    key = gateway.key(name)
    return lambda: gateway.request("POST", f"/demo/{name}/score", {}, {"api-key": key})


def require_answer(call):
    answer = call()
    require(answer.status == 200, f"status {answer.status}: {answer.content[:200]}; the proxy was asked "
            f"{recorder.asked}")


with gateway_with("proxy-alone", https_proxy=other.url) as gateway:
    @check("an https: upstream that only the proxy can reach is ready, with https_proxy alone")
    def _():
        call = endpoint(gateway, "far", f"https://{FAR}", waits=False)
        require_answer(call)
        wait_for(lambda: gateway.manage("GET", "demo/endpoints/far/deployments/only")["isReady"], 10, "it is ready")
        require(other.asked and {line for line in other.asked} == {f"CONNECT {FAR}:{HTTPS_PORT} HTTP/1.1"},
                f"{other.asked}")

with gateway_with("proxy", https_proxy=recorder.url, http_proxy=recorder.url, no_proxy="localhost") as gateway:
    @check("an https: upstream is reached through the proxy of https_proxy, with its own certificate verified")
    def _():
        require_answer(endpoint(gateway, "far", f"https://{FAR}"))
        require(f"CONNECT {FAR}:{HTTPS_PORT} HTTP/1.1" in recorder.asked, f"{recorder.asked}")
        require(not any("api-key" in head.lower() or "authorization" in head.lower() for head in recorder.heads),
                f"the proxy saw a credential: {recorder.heads}")
        return recorder.asked[0]

    @check("an https: upstream that no_proxy names is reached directly, another address of it is not")
    def _():
        before = Answers.count
        require_answer(endpoint(gateway, "near", f"https://localhost:{port}"))
        require(not recorder.asked_for("localhost"), f"{recorder.asked_for('localhost')}")
        require_answer(endpoint(gateway, "numeric", f"https://127.0.0.1:{port}"))
        require(recorder.asked_for("127.0.0.1"), f"{recorder.asked}")
        require(Answers.count == before + 2, f"{Answers.count - before} requests arrived")

    @check("an http: upstream is reached directly whatever http_proxy says")
    def _():
        backend = gateway.backend("echo")
        require_answer(endpoint(gateway, "plain", f"http://127.0.0.1:{backend.port}"))
        # An empty line is a connection that asked for nothing.
        require(not [line for line in recorder.asked if line and not line.startswith("CONNECT ")], f"{recorder.asked}")
        require(not recorder.asked_for(f"127.0.0.1:{backend.port}"), f"{recorder.asked}")

    @check("a proxy that has gone makes the upstream unreachable: nothing goes around it")
    def _():
        call = endpoint(gateway, "cut", f"https://127.0.0.1:{port}")
        require_answer(call)
        before = Answers.count
        recorder.close()
        status = call().status
        require(status == 424, f"status {status}")
        require(Answers.count == before, "the upstream was reached")

for name, variables in {"HTTPS_PROXY": {"HTTPS_PROXY": other.url}, "ALL_PROXY": {"ALL_PROXY": other.url},
                        "all_proxy": {"all_proxy": other.url},
                        "NO_PROXY": {"HTTPS_PROXY": other.url, "NO_PROXY": "localhost,models.example"}}.items():
    @check(f"{name} counts too")
    def _():
        other.asked.clear()
        with gateway_with(f"proxy-{name}{len(name)}", **variables) as gateway:
            require_answer(endpoint(gateway, "numeric", f"https://127.0.0.1:{port}"))
            require(other.asked_for("127.0.0.1"), f"{other.asked}")
            if name == "NO_PROXY":
                require_answer(endpoint(gateway, "near", f"https://localhost:{port}"))
                require(not other.asked_for("localhost"), f"{other.asked}")
check.finish()
