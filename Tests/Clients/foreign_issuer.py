"""An issuer like Entra on loopback: its two documents, which can fail on demand, and tokens of both versions."""
import http.server
import json
import threading
import time
import uuid

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

APPLICATION = "9b2e1f9e-31a5-4b8c-8a54-6a1c2b0f7d11"
AUDIENCE = "api://gatehouse-test"
IDENTITY = ("/subscriptions/5f1c2ae0-0000-0000-0000-000000000001/resourcegroups/ml/providers/"
            "Microsoft.ManagedIdentity/userAssignedIdentities/scorer")
# What tells the four kinds of clients apart: how they proved themselves, and who they are.
CLIENTS = {
    "a service principal with a secret": ("1", {"idtyp": "app", "oid": "00000000-0000-0000-0000-0000000000a1"}),
    "a service principal with a certificate": ("2", {"idtyp": "app", "oid": "00000000-0000-0000-0000-0000000000a2"}),
    "a managed identity": ("2", {"idtyp": "app", "oid": "00000000-0000-0000-0000-0000000000a3",
                                 "xms_mirid": IDENTITY}),
    "a public client": ("0", {"idtyp": "user", "oid": "00000000-0000-0000-0000-0000000000a4", "scp": "read access"}),
}


class ForeignIssuer:
    """`mode` says what its key document is: ok, down, garbage, empty, 500."""

    def __init__(self):
        self.directory_id = str(uuid.uuid4())
        self.issuers = {1: f"https://sts.windows.net/{self.directory_id}/",
                        2: f"https://login.microsoftonline.com/{self.directory_id}/v2.0"}
        self.mode, self.fetches, self.strays = "ok", [], []
        self.keys = {"rsa-1": rsa.generate_private_key(65537, 2048), "ec-1": ec.generate_private_key(ec.SECP256R1())}
        # JWKs as Entra publishes them have no `alg`.
        self.documents = [self.jwk(name) for name in self.keys]
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def handler(issuer):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path.endswith("openid-configuration"):
                    return self.answer(200, json.dumps({
                        "issuer": issuer.issuers[2], "jwks_uri": f"http://{issuer.address}/keys"}))
                if self.path != "/keys":
                    issuer.strays.append(self.path)
                    return self.answer(404, "{}")
                issuer.fetches.append(time.monotonic())
                if issuer.mode == "down":
                    return self.connection.close()
                if issuer.mode == "500":
                    return self.answer(500, "busy")
                self.answer(200, {"garbage": "<html>busy</html>", "empty": '{"keys":[]}'}.get(
                    issuer.mode, json.dumps({"keys": issuer.documents})))

            def answer(self, status, text):
                body = text.encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass
        return Handler

    def jwk(self, name, key=None, **members):
        key = (key or self.keys[name]).public_key()
        kind = RSAAlgorithm if isinstance(key, rsa.RSAPublicKey) else ECAlgorithm
        return {**json.loads(kind.to_jwk(key)), "kid": name, "use": "sig", **members}

    @property
    def arguments(self):
        """What `gatehouse issuers add` is told."""
        return ["--iss", self.issuers[1], "--iss", self.issuers[2], "--audience", AUDIENCE,
                "--directory-id", self.directory_id,
                "--discovery-url", f"http://{self.address}/v2.0/.well-known/openid-configuration"]

    def claims(self, client, version=2, **more):
        proof, who = CLIENTS[client]
        now = int(time.time())
        own = ({"appid": APPLICATION, "appidacr": proof, "ver": "1.0"} if version == 1
               else {"azp": APPLICATION, "azpacr": proof, "ver": "2.0"})
        claims = {"iss": self.issuers[version], "aud": AUDIENCE, "tid": self.directory_id, "sub": who["oid"],
                  "iat": now - 5, "nbf": now - 5, "exp": now + 3600, **own, **who, **more}
        return {name: value for name, value in claims.items() if value is not ...}

    def token(self, client="a service principal with a secret", version=2, kid="rsa-1", key=None, **more):
        key = key or self.keys[kid]
        algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
        return jwt.encode(self.claims(client, version, **more), key, algorithm, {"kid": kid, "typ": "JWT"})

    def close(self):
        self.server.shutdown()
        self.server.server_close()
