"""A hub of model files over HTTPS, and the host that its files lie on: what real ones do, and what goes wrong with them.

Started by models.py in a process thread; every request is kept with its headers.
"""
import hashlib
import http.server
import json
import re
import ssl
import sys
import threading
import time
import urllib.parse


class Quiet(http.server.ThreadingHTTPServer):
    """Says nothing of clients that go away: here they often do."""

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Hub:
    """Two listeners with one certificate: `hub` redirects to `store`, as the real one does to its CDN."""

    def __init__(self, certificate, key, token):
        self.files, self.token, self.requests = {}, token, []
        self.gated, self.cuts, self.wrong = set(), {}, set()
        # By name: where the hub leads instead, what is said of a file's length, and which tag the store gives.
        self.leads, self.lengths, self.tags = {}, {}, {}
        # Names of files of which the hub says neither checksum nor length.
        self.untold = set()
        # What the hub says of a file's length, where that is not right.
        self.sizes = {}
        # Bytes a second of a body; none = as fast as can be.
        self.pace = None
        self.hub, self.store = self.listen(certificate, key, "hub"), self.listen(certificate, key, "store")

    def listen(self, certificate, key, role):
        server = Quiet(("127.0.0.1", 0), handler(self, role))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def url(self, role="hub"):
        return f"https://localhost:{getattr(self, role).server_port}"

    def put(self, repository, path, content):
        self.files[f"{repository}/{path}"] = content
        return hashlib.sha256(content).hexdigest()

    def of(self, role, method="GET"):
        return [request for request in self.requests if request["role"] == role and request["method"] == method]

    def close(self):
        for server in [self.hub, self.store]:
            server.shutdown()
            server.server_close()


def handler(hub, role):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def answer(self, status, headers=(), body=b""):
            self.send_response(status)
            for name, value in dict(headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            url = urllib.parse.urlsplit(self.path)
            path = urllib.parse.unquote(url.path)
            hub.requests.append({"role": role, "method": "GET", "path": self.path,
                                 "headers": {name.lower(): value for name, value in self.headers.items()}})
            if role == "store":
                return self.send_file(path.removeprefix("/blobs/"))
            if listing := re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/(.+)", path):
                return self.send_listing(listing.group(1))
            if found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/[^/]+/(.+)", path):
                return self.send_pointer(found.group(1), found.group(2))
            return self.answer(404)

        def may_read(self, repository):
            return repository not in hub.gated or self.headers["Authorization"] == f"Bearer {hub.token}"

        def send_listing(self, repository):
            names = [name.removeprefix(f"{repository}/") for name in hub.files if name.startswith(f"{repository}/")]
            if not names:
                return self.answer(404)
            if not self.may_read(repository):
                return self.answer(401)
            body = {"id": repository, "siblings": [{"rfilename": name} for name in names]}
            return self.answer(200, {"Content-Type": "application/json"}, json.dumps(body).encode())

        def send_pointer(self, repository, path):
            name = f"{repository}/{path}"
            if not self.may_read(repository):
                return self.answer(401)
            if name not in hub.files:
                return self.answer(404)
            content = hub.files[name]
            blob = hub.leads.get(name) or f"{hub.url('store')}/blobs/{urllib.parse.quote(name)}?signature=canary"
            if name in hub.untold:
                return self.answer(302, {"Location": blob})
            sha256 = hashlib.sha256(b"another" if name in hub.wrong else content).hexdigest()
            return self.answer(302, {"X-Linked-Etag": f'"{sha256}"', "X-Linked-Size": str(hub.sizes.get(name, len(content))),
                                     "Location": blob})

        def send_file(self, name):
            if name not in hub.files:
                return self.answer(404)
            content = hub.files[name]
            tag = f'"{hashlib.md5(content).hexdigest()}"'
            begin = 0
            if wanted := re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or ""):
                if self.headers["If-Range"] in (None, tag):
                    begin = int(wanted.group(1))
            if begin and begin >= len(content):
                return self.answer(416, {"Content-Range": f"bytes */{len(content)}"})
            # A function of the whole length, asked for each answer: what the store says that it is.
            said = hub.lengths.get(name, lambda length: length)(len(content))
            self.send_response(206 if begin else 200)
            if name in hub.tags:
                tag = hub.tags[name]
            if tag:
                self.send_header("ETag", tag)
            if begin:
                self.send_header("Content-Range", f"bytes {begin}-{said - 1}/{said}")
            if said is not None:
                self.send_header("Content-Length", str(said - begin))
            else:
                # As long as the connection.
                self.close_connection = True
            self.end_headers()
            end = len(content)
            if cuts := hub.cuts.get(name):
                end = min(end, cuts.pop(0))
            piece = 64 << 10
            for start in range(begin, end, piece):
                self.wfile.write(content[start:min(end, start + piece)])
                if hub.pace:
                    time.sleep(piece / hub.pace)
            if end < len(content) or said is None or end < said:
                self.close_connection = True
                self.connection.close()

    return Handler
