"""What the programs about captures share: who reviews them, backends that answer as they are told, and secrets in every
place where one may stand."""
import contextlib
import json
import os
import re
import sqlite3
import subprocess
import urllib.parse
import urllib.request

from harness import require, run

RULE = {"redact": {"headers": ["x-patient"], "json_paths": ["messages[*].name"], "patterns": ["email", "card", "phone"],
                   "expressions": {"patient": "P-[0-9]{6}-[a-z]+"}}}


def tell(backend, status=200, headers=None, body="{}"):
    """What the backend answers from now on."""
    answer = json.dumps({"status": status, "headers": headers or {}, "body": body}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{backend.port}/tell", answer, method="PUT")
    urllib.request.urlopen(request, timeout=5).close()


class Reviewer:
    """An account that sees captures."""

    def __init__(self, gateway, name="rita", role="reviewer"):
        self.gateway = gateway
        gateway.command("operators", "add", name, "--role", role, "--tenant", "demo")
        self.token = gateway.created("operators", "token", name)["token"]

    def command(self, *arguments, **options):
        return run(self.gateway.setting.gatehouse, *arguments, "--server", f"https://localhost:{self.gateway.admin}",
                   "--ca", self.gateway.authority, env=dict(os.environ, GATEHOUSE_TOKEN=self.token), **options)

    def list(self, *arguments):
        return json.loads(self.command("captures", "list", "demo", *arguments, "--output", "json"))["value"]

    def show(self, number):
        return json.loads(self.command("captures", "show", "demo", number, "--output", "json"))


class Auditor:
    """A principal that holds some roles of the tenant, and its token."""

    def __init__(self, gateway, name, *roles):
        self.gateway = gateway
        principal = gateway.created("principals", "create", f"demo/{name}")
        for role in roles:
            gateway.command("roles", "assign", f"demo/{name}-{role}", "--role", role, "--application",
                            principal["clientId"], "--issuer", "built-in")
        form = urllib.parse.urlencode({
            "client_id": principal["clientId"], "client_secret": principal["secrets"][0]["secret"],
            "grant_type": "client_credentials", "scope": "https://ml.azure.com/.default"})
        connection = gateway.connection()
        connection.request("POST", "/demo/oauth2/v2.0/token", form,
                           {"content-type": "application/x-www-form-urlencoded"})
        self.token = json.loads(connection.getresponse().read())["access_token"]
        connection.close()

    def start(self, *arguments):
        return subprocess.Popen(
            [str(part) for part in [self.gateway.setting.gatehouse, "captures", *arguments, "--server",
                                    f"https://localhost:{self.gateway.admin}", "--ca", self.gateway.authority]],
            env=dict(os.environ, GATEHOUSE_TOKEN=self.token), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)

    def command(self, *arguments, code=0):
        """A command's standard output; it must end with this code."""
        process = self.start(*arguments)
        output, words = process.communicate(timeout=120)
        require(process.returncode == code, f"{arguments[:2]} ended with {process.returncode}: {words[-400:]}{output[-200:]}")
        return output if code in (0, 2) else words

    def compare(self, *arguments, code=0):
        """A comparison, as its command prints it."""
        return json.loads(self.command(*arguments, "--output", "json", code=code))


@contextlib.contextmanager
def small_disk(folder, size):
    """Makes a folder a disk of its own, of so many MiB; where that cannot be, says why."""
    folder.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}m", "tmpfs", folder], stderr=subprocess.PIPE,
                           text=True)
    try:
        yield mount.returncode and f"no disk can be mounted: {mount.stderr.strip()}"
    finally:
        if mount.returncode == 0:
            subprocess.run(["umount", "-l", folder])


def rows(gateway, query):
    path = f"file:{gateway.directory}/captures.db?mode=ro"
    with contextlib.closing(sqlite3.connect(path, uri=True, timeout=5)) as database:
        return database.execute(query).fetchall()


def stored(gateway):
    return rows(gateway, "SELECT count(*) FROM captures")[0][0]


class Canaries(dict):
    """Secrets by their places; each is made when its place is named."""

    def __call__(self, place, form="{}"):
        self[place] = form.format(f"c4n4ry{len(self):02d}x{os.urandom(6).hex()}")
        return self[place]

    def found_in(self, content):
        """Places of those that stand in bytes or a text, an index of words too."""
        content = (content if isinstance(content, bytes) else content.encode()).lower()
        return [place for place, secret in self.items() if any(part in content for part in signs_of(secret))]


def signs_of(secret):
    """A secret, and the end of its longest word, as an index has it: that keeps words in small letters, without what a word
    has in common with the one before."""
    word = max(re.findall("[a-z0-9]+", secret.lower()), key=len)
    return [part.encode() for part in [secret.lower(), *([word[-12:]] if len(word) >= 20 else [])]]


def letters(count):
    """A random word."""
    return "".join(chr(ord("a") + byte % 26) for byte in os.urandom(count))


def secret_answer(canary):
    """Headers and body of an answer with secrets, escaped as Gson does it."""
    headers = {"content-type": "application/json", "set-cookie": canary("set-cookie"), "x-api-key": canary("upstream header"),
               "private-token": canary("header by a part of its name"),
               "location": f"https://a.test/done?sv=1&sig={canary('query of a location')}&se=2"}
    body = {"client_secret": canary("answer's member"), "note": "plain-marker-of-the-answer",
            "to": f"{canary('escaped mail address')}@example.com",
            "next": f"https://a.test/next?a=1&sig={canary('escaped query of a URL')}"}
    text = json.dumps(body)
    for character in "@=&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return headers, text


def secret_form(canary):
    """A multipart form with secrets, and its content type."""
    parts = [('name="model"', "plain-form"), ('name="password"', canary("part of a form")),
             ('name="data"', json.dumps({"api_key": canary("member in a part of a form")}))]
    text = "".join(f"--b0undary\r\ncontent-disposition: form-data; {head}\r\n\r\n{content}\r\n" for head, content in parts)
    return f"{text}--b0undary--\r\n".encode(), "multipart/form-data; boundary=b0undary"


# How many captures `send_secrets` leaves.
SECRET_CAPTURES = 5


def send_secrets(gateway, backend, key, endpoint):
    """Requests to an endpoint with `RULE`, with a secret in each place; returns the secrets by their places."""
    canary = Canaries({"the caller's key": key})

    def ask(body, headers=None, path="/score"):
        return gateway.request("POST", f"/demo/{endpoint}{path}", body, {"api-key": key, **(headers or {})}).status

    headers = {name: canary(f"request header {name}") for name in [
        "cookie", "x-goog-api-key", "proxy-authorization", "x-auth-token", "x-amz-security-token", "x-vault-token", "x-patient"]}
    headers["referer"] = f"https://a.test/from?code={canary('query of a referer')}"
    query = f"?sig={canary('query sig')}&code={canary('query code')}&note=plain-query"
    body = {
        "note": "plain-marker-of-the-request", "password": canary("member"),
        "deep": [{"api_key": canary("member in an array")}], "messages": [{"name": canary("path"), "content": "c"}],
        "text": f"{canary('mail address', '{}@example.com')} and {canary('own expression', f'P-123456-{letters(20)}')}",
        "card": "4111 1111 1111 1111", "token": canary("jwt", "eyJhbGciOiJub25lIn0.{}.c2ln"),
        "log": f"password={canary('text of a member')} ghk_{canary('key by its form')}{'a' * 20}",
    }
    canary["card"] = "4111 1111 1111 1111"
    tell(backend, 200, *secret_answer(canary))
    require(ask(body, headers, f"/score/ghk_{canary('segment of the path')}{query}") == 200, "the first request")
    said = [canary("address over three events"), "@exam", "ple.org, plain-piece"]
    tell(backend, 200, {}, [json.dumps({"api_key": canary("event")}), json.dumps({"note": "plain-event"}),
                            *(json.dumps({"choices": [{"index": 0, "delta": {"content": piece}}]}) for piece in said)])
    require(ask({}) == 200, "the stream")
    tell(backend, 500, {"content-type": "text/plain", "www-authenticate": canary("www-authenticate")},
         f"no: secret={canary('error body')} at postgres://user:{canary('URL')}@host/db, plain-error")
    require(ask({}) == 424, "the error")
    tell(backend)
    form, form_type = secret_form(canary)
    require(ask(form, {"content-type": form_type}) == 200, "the form")
    chat = {"model": f"ghk_{canary('name of the model')}", "messages": [{"role": "user", "content": "c"}]}
    require(ask(chat, path="/v1/chat/completions") == 200, "the chat")
    require(len(canary) >= 30, f"{len(canary)} places")
    return canary
