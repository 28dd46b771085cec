"""A webhook's receiver on loopback: what was posted to it, and whether it is signed."""
import base64
import hashlib
import hmac
import http.server
import json
import threading
import time

from harness import require


class Receiver:
    """Keeps what was posted; answers with what `answers` still holds, then with 200."""

    def __init__(self):
        self.received, self.answers = [], []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def handler(receiver):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.received.append(Delivery(dict(self.headers.items()), body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass
        return Handler

    def of(self, kind):
        return [delivery for delivery in self.received if delivery.content["type"] == kind]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Delivery:
    def __init__(self, headers, body):
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body, self.content, self.at = body, json.loads(body), time.time()

    def verify(self, secret):
        """As standardwebhooks.com says."""
        identifier, stamp = self.headers["webhook-id"], self.headers["webhook-timestamp"]
        require(abs(time.time() - int(stamp)) < 60, f"time stamp {stamp}")
        key = base64.b64decode(secret.removeprefix("whsec_"))
        digest = hmac.new(key, f"{identifier}.{stamp}.".encode() + self.body, hashlib.sha256).digest()
        due = f"v1,{base64.b64encode(digest).decode()}"
        require(due in self.headers["webhook-signature"].split(), "the signature is wrong")
        require(self.content["id"] == identifier, "another id in the body")
        require(self.headers["content-type"] == "application/json", self.headers["content-type"])
