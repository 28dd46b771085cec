"""Tokens of an issuer like Entra: who gets in, and how hostile tokens and a failing key server end."""
import base64
import hmac
import itertools
import json
import time
import uuid
import warnings

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import RSAAlgorithm

from foreign_issuer import APPLICATION, AUDIENCE, CLIENTS, IDENTITY, ForeignIssuer
from harness import Checks, Gateway, Setting, require, to, upstream_documents, wait_for

check = Checks("issuers")
# One of the keys is too short on purpose.
warnings.filterwarnings("ignore", message="The RSA key is")
MODES = ["down", "500", "garbage", "empty"]
PROOFS = {"public": "0", "secret": "1", "certificate": "2"}
# Each holder of a role: the option that names it, its value, and the claims that a token needs for it.
HOLDERS = {
    "subject": (CLIENTS["a public client"][1]["oid"], {}),
    "group": ("scorers", {"groups": ["others", "scorers"]}),
    "application-role": ("Scores.Read", {"roles": ["Scores.Read"]}),
    "scope": ("access", {}),
    "managed-identity": (IDENTITY, {"xms_mirid": IDENTITY}),
}


# The gateway slows an address down after 20 refused credentials in a minute: each one here is used for 15.
addresses = (f"127.0.{index // 15 // 250 + 1}.{index // 15 % 250 + 1}" for index in itertools.count())


def call(gateway, token, endpoint="any"):
    return gateway.request("POST", f"/demo/{endpoint}/score", {}, {"authorization": f"Bearer {token}"},
                           source=next(addresses))


def status(gateway, token, endpoint="any"):
    return call(gateway, token, endpoint).status


def check_clients(gateway, issuer):
    for version in [1, 2]:
        for client, (proof, _) in CLIENTS.items():
            @check(f"v{version}: {client} gets in, and where its proof is demanded")
            def _():
                token = issuer.token(client, version)
                found = {endpoint: status(gateway, token, endpoint) for endpoint in ["any", *PROOFS]}
                due = {"any": 200, **{name: 200 if mark == proof else 403 for name, mark in PROOFS.items()}}
                require(found == due, f"{found}, due {due}")

    @check("a role is for its subject, group, application role, scope or managed identity only")
    def _():
        for holder, (_, claims) in HOLDERS.items():
            good = issuer.token("a public client", **claims)
            other = issuer.token("a service principal with a secret")
            found = status(gateway, good, holder), status(gateway, other, holder)
            require(found == (200, 403), f"{holder}: {found}")

    @check("ES256 is as good as RS256; several audiences may be named")
    def _():
        found = status(gateway, issuer.token(kid="ec-1")), status(gateway, issuer.token(aud=["x", AUDIENCE]))
        require(found == (200, 200), f"{found}")

    @check("receipts name the token's subject")
    def _():
        subject = CLIENTS["a managed identity"][1]["oid"]
        answer = call(gateway, issuer.token("a managed identity"))
        receipt = gateway.receipt(answer.getheader("x-request-id"))
        require(f"demo@{subject}" in [str(value) for value in receipt.values()], f"{receipt}")


def encoded(value):
    if not isinstance(value, (bytes, str)):
        value = json.dumps(value)
    data = value.encode() if isinstance(value, str) else value
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def hostile_tokens(issuer):
    """Named tokens that must all be refused: J-1 to J-4 and J-6."""
    key, now = issuer.keys["rsa-1"], int(time.time())
    good = issuer.token()
    head, payload, signature = good.split(".")
    claims = issuer.claims("a service principal with a secret")
    header = {"alg": "RS256", "typ": "JWT", "kid": "rsa-1"}
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    curve = ec.generate_private_key(ec.SECP384R1())
    evil, evil_ec = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())

    def signed(claims=claims, header=header, key=key):
        text = f"{encoded(header)}.{encoded(claims)}"
        return f"{text}.{encoded(RSAAlgorithm(RSAAlgorithm.SHA256).sign(text.encode(), key))}"

    def signed_ec(raw, header=None):
        return f"{encoded(header or {'alg': 'ES256', 'kid': 'ec-1'})}.{encoded(claims)}.{encoded(raw)}"

    def mac(name, secret, header):
        text = f"{encoded(header)}.{encoded(claims)}"
        return f"{text}.{encoded(hmac.new(secret, text.encode(), name).digest())}"

    for algorithm in ["none", "None", "NONE", "nOnE", "", "rs256", "RS256 ", "XX256", "RS1"]:
        yield f"alg {algorithm!r}, signature kept", f"{encoded({**header, 'alg': algorithm})}.{payload}.{signature}"
        yield f"alg {algorithm!r}, no signature", f"{encoded({**header, 'alg': algorithm})}.{payload}."
    for wrong in [None, 1, ["RS256"], {"a": "RS256"}]:
        yield f"alg {wrong!r}", signed(header={**header, "alg": wrong})
    yield "alg missing", signed(header={"kid": "rsa-1"})
    # The set has no `alg`: a forged header must not choose it.
    for name, kid in [("rsa-1", "rsa-1"), ("ec-1", "ec-1")]:
        for algorithm, digest in [("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512")]:
            yield f"{algorithm} with the public key of {name}", mac(digest, public, {"alg": algorithm, "kid": kid})
    yield "HS256 with an oct key of the set", mac("sha256", b"0" * 32, {"alg": "HS256", "kid": "oct-1"})
    for algorithm in ["RS384", "RS512", "PS256", "PS384", "PS512"]:
        yield f"{algorithm} by the right key", jwt.encode(claims, key, algorithm, {"kid": "rsa-1"})
    yield "ES384 by another curve", jwt.encode(claims, curve, "ES384", {"kid": "ec-1"})
    yield "RS256 with the EC key's id", signed(header={**header, "kid": "ec-1"})
    yield "ES256 with the RSA key's id", signed_ec(b"\1" * 64, {"alg": "ES256", "kid": "rsa-1"})
    yield "a key for encryption", issuer.token(kid="enc-1")
    yield "a key of another alg", issuer.token(kid="pss-1")
    yield "an RSA key of 1,024 bits", issuer.token(kid="small-1")
    yield "another key under the same id", issuer.token(key=evil)
    yield "another EC key under the same id", issuer.token(kid="ec-1", key=evil_ec)
    yield "no kid", signed(header={"alg": "RS256"}, key=evil)
    for wrong in [None, 1, ["rsa-1"], "", "x" * 257, "../../etc/passwd", "rsa-1\x00", "' OR 1=1 --"]:
        yield f"kid {str(wrong)[:20]!r}", signed(header={**header, "kid": wrong}, key=evil)
    for name in ["jku", "x5u"]:
        yield name, signed(header={**header, name: f"http://{issuer.address}/evil"}, key=evil)
    own = issuer.jwk("rsa-1", evil)
    yield "jwk in the header", signed(header={**header, "jwk": own}, key=evil)
    yield "x5c in the header", signed(header={**header, "x5c": [base64.b64encode(public).decode()]}, key=evil)
    yield "crit", signed(header={**header, "crit": ["exp"]})
    yield "b64 false", signed(header={**header, "b64": False, "crit": ["b64"]})
    size = 115792089210356248762697446949407573529996955224135760342422259061068512044369
    for name, raw in [("r and s 0", bytes(64)), ("r = n", size.to_bytes(32, "big") + b"\1" * 32),
                      ("s = n", b"\1" * 32 + size.to_bytes(32, "big")), ("63 bytes", b"\1" * 63),
                      ("DER", b"\x30\6\2\1\1\2\1\1")]:
        yield f"ES256 signature: {name}", signed_ec(raw)
    changes = {
        "expired": {"exp": now - 3600}, "expired past the skew": {"exp": now - 90}, "no exp": {"exp": ...},
        "exp as text": {"exp": str(now + 3600)}, "exp null": {"exp": None}, "exp negative": {"exp": -1},
        "nbf in an hour": {"nbf": now + 3600}, "nbf past the skew": {"nbf": now + 90}, "nbf as text": {"nbf": "soon"},
        "aud of somebody else": {"aud": "api://other"}, "no aud": {"aud": ...}, "aud empty": {"aud": []},
        "aud with a suffix": {"aud": AUDIENCE + "x"}, "aud in capitals": {"aud": AUDIENCE.upper()},
        "aud nested": {"aud": [[AUDIENCE]]}, "no iss": {"iss": ...},
        "iss of somebody else": {"iss": "https://evil.test/"},
        "iss without its slash": {"iss": issuer.issuers[1][:-1]}, "iss with a slash": {"iss": issuer.issuers[2] + "/"},
        "iss of another directory": {"iss": f"https://sts.windows.net/{uuid.uuid4()}/"},
        "tid of another directory": {"tid": str(uuid.uuid4())}, "no tid": {"tid": ...}, "tid null": {"tid": None},
        "sub and oid missing": {"sub": ..., "oid": ...}, "oid as a list": {"oid": ["x"]},
        "roles as a number": {"roles": 7},
    }
    for name, change in changes.items():
        yield name, signed({key: value for key, value in {**claims, **change}.items() if value is not ...})
    yield "no signature", f"{head}.{payload}."
    yield "two parts", f"{head}.{payload}"
    yield "four parts", f"{good}.x"
    yield "a signature bit", f"{head}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    yield "a shorter signature", f"{head}.{payload}.{signature[:-8]}"
    yield "another payload", f"{head}.{encoded({**claims, 'oid': 'x'})}.{signature}"
    yield "a payload that is no JSON", signed(b"{not json")
    yield "a payload with exp twice", signed(json.dumps(claims)[:-1].encode() + b',"exp":%d}' % (now - 3600))
    deep = b"[" * 3000 + b"]" * 3000
    yield "a payload of 3,000 levels", signed(b'{"x":' + deep + b"," + json.dumps(claims)[1:].encode())
    yield "20 KB", signed({**claims, "x": "y" * 20000})


def check_hostile(gateway, issuer):
    @check("hostile tokens are refused, and the good one goes on after each")
    def _():
        good = issuer.token()
        wrong, count = [], 0
        for name, token in hostile_tokens(issuer):
            count += 1
            answer = call(gateway, token)
            if answer.status not in (401, 431) or (answer.status == 401 and not answer.getheader("www-authenticate")):
                wrong.append(f"{name}: {answer.status}")
            if token[-40:].encode() in answer.content and len(token) > 40:
                wrong.append(f"{name}: shown in the answer")
            if status(gateway, good) != 200:
                wrong.append(f"{name}: the good token is refused after it")
        require(not wrong, f"{len(wrong)} of {count}: {'; '.join(wrong[:8])}")
        require(count >= 60, f"only {count} tokens")
        require(not issuer.strays, f"a token made the gateway fetch {issuer.strays}")
        return f"{count} tokens"


def check_keys(gateway, issuer):
    """What a gateway does with the key server: J-5. Unknown ids may make it fetch once in 30 s."""
    @check("200 unknown key ids cause at most 5 fetches")
    def _():
        before = len(issuer.fetches)
        statuses = {status(gateway, issuer.token(kid=f"nobody-{index}", key=issuer.keys["rsa-1"]))
                    for index in range(200)}
        fetches = len(issuer.fetches) - before
        require(statuses == {401}, f"{statuses}")
        require(fetches <= 5, f"{fetches} fetches")
        return f"{fetches} fetches"

    @check("a new key works within 31 s of its first token; the one that left the set stops with it")
    def _():
        issuer.keys["rsa-2"] = rsa.generate_private_key(65537, 2048)
        issuer.documents = [issuer.jwk("rsa-2"), issuer.jwk("ec-1")]
        started = time.monotonic()
        wait_for(lambda: status(gateway, issuer.token(kid="rsa-2", uti=str(time.time()))) == 200, 31,
                 "the new key is known")
        seconds = time.monotonic() - started
        require(status(gateway, issuer.token(uti="new")) == 401, "a key that left the set is still good")
        return f"{seconds:.1f} s"


def check_outages(gateway, failing):
    for mode, issuer in failing.items():
        @check(f"the key server is {mode}: it is asked once, and known keys stay good")
        def _():
            issuer.mode = mode
            time.sleep(max(0, issuer.fetches[-1] + 31 - time.monotonic()))
            before = len(issuer.fetches)
            for index in range(20):
                unknown = issuer.token(kid=f"none-{index}", key=issuer.keys["rsa-1"])
                require(status(gateway, unknown) == 401, "an unknown key id was taken")
            require(len(issuer.fetches) == before + 1, f"asked {len(issuer.fetches) - before} times")
            require(status(gateway, issuer.token(uti="new")) == 200, "a good token is refused")


issuer = ForeignIssuer()
issuer.keys.update({"small-1": rsa.generate_private_key(65537, 1024), "enc-1": rsa.generate_private_key(65537, 2048),
                    "pss-1": rsa.generate_private_key(65537, 2048)})
issuer.documents += [
    {"kty": "oct", "kid": "oct-1", "k": base64.urlsafe_b64encode(b"0" * 32).decode()},
    {"kty": "LATTICE", "kid": "new-1"},
    issuer.jwk("small-1"), issuer.jwk("enc-1", use="enc"), issuer.jwk("pss-1", alg="PS256")]
failing = {mode: ForeignIssuer() for mode in MODES}
setting = Setting()
try:
    with Gateway(setting, "issuers", threads=2, more="issuers:\n  allow_http: [127.0.0.0/8]\n") as gateway:
        backend = gateway.backend("logging", "--log", gateway.directory / "ids", "--delay", "0")
        gateway.apply("---\n".join(upstream_documents(name, to(backend), auth_mode="aad_token")
                                   for name in ["any", *PROOFS, *HOLDERS]))
        gateway.command("issuers", "add", "demo/entra", *issuer.arguments)
        for mode, other in failing.items():
            gateway.command("issuers", "add", f"demo/when-{mode}", *other.arguments)
            gateway.command("roles", "assign", f"demo/app-{mode}", "--role", "invoke", "--application", APPLICATION,
                            "--endpoint", "any", "--issuer", f"when-{mode}")
            wait_for(lambda: status(gateway, other.token()) == 200, 10, f"the keys of the issuer to be {mode}")
        for name in ["any", *PROOFS]:
            gateway.command("roles", "assign", f"demo/app-{name}", "--role", "invoke", "--application", APPLICATION,
                            "--endpoint", name, "--issuer", "entra", *(["--proof", name] if name in PROOFS else []))
        for holder, (value, _) in HOLDERS.items():
            gateway.command("roles", "assign", f"demo/of-{holder}", "--role", "invoke", f"--{holder}", value,
                            "--endpoint", holder)
        check_clients(gateway, issuer)
        check_hostile(gateway, issuer)
        check_keys(gateway, issuer)
        check_outages(gateway, failing)
finally:
    for server in [issuer, *failing.values()]:
        server.close()
check.finish()
