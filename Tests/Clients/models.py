"""Models that the gateway pulls from a hub of this program's own: cut, wrong, gated, redirected, offline, over the limit;
then a native deployment that answers with the one that was pulled."""
import contextlib
import hashlib
import json
import os
import pathlib
import pty
import select
import socket
import struct
import subprocess
import threading
import time

from harness import Checks, Failure, Gateway, Setting, native_documents, require, run, wait_for
from model_hub import Hub

check = Checks("models")
MIB = 1 << 20
TOKEN = "hf_canary_of_the_owner"


def text(value):
    return struct.pack("<Q", len(value)) + value.encode()


def gguf(name, size):
    """A model without tensors, as long as it is to be: `name` makes its content another one."""
    entry = lambda key, value: text(key) + struct.pack("<I", 8) + text(value)
    head = b"GGUF" + struct.pack("<IQQ", 3, 0, 2) + entry("general.architecture", "llama") + entry("general.name", name)
    block = hashlib.sha256(name.encode()).digest()
    return head + (block * (size // len(block) + 1))[:size - len(head)]


def refused(gateway, *arguments):
    """What a command that must fail says."""
    try:
        gateway.command(*arguments)
    except Failure as failure:
        return str(failure)
    raise Failure(f"{' '.join(map(str, arguments))} did not fail")


def pull(gateway, source, *arguments):
    return gateway.created("models", "pull", source, "--tenant", "demo", *arguments)


def models(gateway):
    return {f"{model['name']}:{model['version']}": model
            for model in gateway.created("models", "list", "demo")["value"]}


def partials(gateway):
    folder = gateway.directory / "models" / "demo" / "pulled" / "partial"
    return list(folder.iterdir()) if folder.exists() else []


setting = Setting()
certificates = setting.directory / "hub"
run(setting.gatehouse, "certs", "init", "--directory", certificates, "--name", "localhost", "--name", "127.0.0.1")
hub = Hub(certificates / "server.pem", certificates / "server.key", TOKEN)


class ModelGateway(Gateway):
    """One whose section `models:` leads to the hub here; operators of the tenant `near` may reach one address of it."""

    def __init__(self, name, token=None, **more):
        super().__init__(setting, name, environment={"HF_TOKEN": token or ""},
                         more="upstreams:\n  tenants: {near: [127.0.0.1/32, '::1/128']}\n")
        folder = f"{self.directory}/models"
        lines = {"folder": folder, "hub": hub.url(), "ca": f"{certificates}/ca.pem", **more}
        written = "models:\n" + "".join(f"  {key}: {json.dumps(value)}\n" for key, value in lines.items())
        configuration = self.configuration.read_text()
        require(f"models: {folder}\n" in configuration, "the harness writes the folder in another way")
        self.configuration.write_text(configuration.replace(f"models: {folder}\n", written))

    def __enter__(self):
        super().__enter__()
        for tenant in ["demo", "near"]:
            self.command("tenants", "create", tenant)
        return self


with ModelGateway("pulls", token=TOKEN, limit="20MiB") as gateway:
    @check("a repository with one GGUF file is enough: it is fetched, checked, registered and shown with its header")
    def _():
        content = gguf("one", 2 * MIB)
        digest = hub.put("org/one", "one.Q4_K_M.gguf", content)
        hub.put("org/one", "README.md", b"# one")
        operation = pull(gateway, "hf://org/one")
        require(operation["status"] == "Succeeded", f"{operation}")
        model = gateway.created("models", "show", "demo/one")
        require(model["sha256"] == digest and model["size"] == len(content), f"{model}")
        require(model["format"] == "gguf" and model["header"]["architecture"] == "llama"
                and model["header"]["title"] == "one", f"{model}")
        require(model["source"] == "hf://org/one/one.Q4_K_M.gguf", f"{model['source']}")
        require(pathlib.Path(model["path"]).read_bytes() == content, "the file is another")
        require("llama" in gateway.command("models", "show", "demo/one:1"), "the table lacks the architecture")

    @check("of several GGUF files it asks for one by its name, and takes that one")
    def _():
        for name in ["a", "b"]:
            hub.put("org/two", f"sub/{name}.gguf", gguf(f"two {name}", MIB))
        said = refused(gateway, "models", "pull", "hf://org/two", "--tenant", "demo")
        require("2 GGUF files" in said and "sub/a.gguf, sub/b.gguf" in said, said)
        pull(gateway, "hf://org/two/sub/b.gguf@main", "--name", "two-b")
        require(gateway.created("models", "show", "demo/two-b")["header"]["title"] == "two b", "it is another file")
        gateway.command("models", "remove", "demo/two-b:1")

    @check("a connection that is cut is gone on with where it was, and the checksum is that of the whole")
    def _():
        content = gguf("cut", 4 * MIB)
        name, digest = "org/cut/cut.gguf", hub.put("org/cut", "cut.gguf", content)
        hub.cuts[name] = [MIB + 1, 3 * MIB]
        before = len(hub.requests)
        operation = pull(gateway, "hf://org/cut/cut.gguf")
        ranges = [request["headers"].get("range") for request in hub.requests[before:] if request["role"] == "store"]
        require(ranges == [None, f"bytes={MIB + 1}-", f"bytes={3 * MIB}-"], f"{ranges}")
        require(all(request["headers"].get("if-range") for request in hub.requests[before:]
                    if "range" in request["headers"]), "a range without its condition")
        require(any("trying again" in step["text"] for step in operation["steps"]), f"{operation['steps']}")
        require(gateway.created("models", "show", "demo/cut")["sha256"] == digest, "another checksum")
        return f"{ranges}"

    @check("one that failed leaves its part, and asking again goes on with it; a changed file begins anew")
    def _():
        name = "org/later/later.gguf"
        hub.put("org/later", "later.gguf", gguf("later", 4 * MIB))
        # Six tries that come no further, behind one that does.
        hub.cuts[name] = [2 * MIB] * 7
        said = refused(gateway, "models", "pull", "hf://org/later/later.gguf", "--tenant", "demo")
        require("cut" in said or "bytes of" in said, said)
        require(sum(part.stat().st_size for part in partials(gateway)) >= 2 * MIB, f"{partials(gateway)}")
        hub.cuts[name] = []
        before = len(hub.requests)
        operation = pull(gateway, "hf://org/later/later.gguf")
        require(hub.requests[before + 1]["headers"].get("range") == f"bytes={2 * MIB}-", f"{hub.requests[before + 1]}")
        require(any("going on behind the 2 MiB" in step["text"] for step in operation["steps"]), f"{operation['steps']}")
        hub.cuts[name] = [3 * MIB] * 7
        hub.put("org/later", "later.gguf", gguf("later, changed", 4 * MIB))
        refused(gateway, "models", "pull", "hf://org/later/later.gguf", "--tenant", "demo")
        digest = hub.put("org/later", "later.gguf", gguf("later, changed again", 4 * MIB))
        hub.cuts[name] = []
        pull(gateway, "hf://org/later/later.gguf")
        model = gateway.created("models", "show", "demo/later@latest")
        require(model["sha256"] == digest and model["version"] == "2", f"{model}")
        for version in [1, 2]:
            gateway.command("models", "remove", f"demo/later:{version}")
        require(not partials(gateway), f"{partials(gateway)}")

    @check("a wrong checksum, the hub's or the caller's, is an error, and nothing of the file stays")
    def _():
        digest = hub.put("org/wrong", "wrong.gguf", gguf("wrong", MIB))
        hub.wrong.add("org/wrong/wrong.gguf")
        said = refused(gateway, "models", "pull", "hf://org/wrong", "--tenant", "demo")
        require(digest in said and "SHA-256" in said, said)
        hub.wrong.clear()
        said = refused(gateway, "models", "pull", "hf://org/wrong", "--tenant", "demo", "--sha256", "0" * 64)
        require("0" * 64 in said, said)
        require("wrong:1" not in models(gateway) and not partials(gateway), f"{partials(gateway)}")
        pull(gateway, "hf://org/wrong", "--sha256", digest)
        gateway.command("models", "remove", "demo/wrong@latest")

    @check("a gated repository opens with the owner's token, which the host behind the redirect never sees, and no log either")
    def _():
        hub.put("org/gated", "gated.gguf", gguf("gated", MIB))
        hub.gated.add("org/gated")
        before = len(hub.requests)
        pull(gateway, "hf://org/gated")
        seen = [request["headers"].get("authorization") for request in hub.requests[before:]]
        require(seen == [f"Bearer {TOKEN}"] * 2 + [None], f"{seen}")
        store = b"".join(path.read_bytes() for path in gateway.directory.glob("gatehouse.db*"))
        for secret in [TOKEN, "signature=canary"]:
            require(secret not in gateway.log() and secret.encode() not in store, f"{secret} was written down")
        gateway.command("models", "remove", "demo/gated:1")

    @check("a tenant's own operator pulls from the hub without the owner's token, from no private address, and no file")
    def _():
        gateway.command("operators", "add", "dora", "--role", "deployer", "--tenant", "demo")
        token = gateway.created("operators", "token", "dora")["token"]
        def said(source):
            return refused(gateway, "models", "pull", source, "--tenant", "demo", "--token", token)
        gated = said("hf://org/gated")
        require("gated" in gated and "owner" in gated, gated)
        require("private" in said("https://10.0.0.1/m.gguf") and "metadata" in said("https://169.254.169.254/m.gguf"),
                "an address was not refused")
        require("only an operator of the whole gateway" in said("file:/etc/hostname"), "a file was not refused")
        hub.put("org/open", "open.gguf", gguf("open", MIB))
        gateway.command("models", "pull", "hf://org/open", "--tenant", "demo", "--token", token)
        gateway.command("models", "remove", "demo/open:1", "--token", token)

    @check("what is not there, no model, a part of one, and a certificate that nobody trusts, is each said so")
    def _():
        require("has no hf://org/one/none.gguf" in refused(
            gateway, "models", "pull", "hf://org/one/none.gguf", "--tenant", "demo"), "404 of a file")
        require("has no hf://org/nobody" in refused(gateway, "models", "pull", "hf://org/nobody", "--tenant", "demo"), "404")
        hub.put("org/page", "page.gguf", b"<html>log in first</html>")
        said = refused(gateway, "models", "pull", "hf://org/page", "--tenant", "demo")
        require("no model" in said, said)
        hub.put("org/parts", "big-00002-of-00003.gguf", gguf("part", MIB))
        said = refused(gateway, "models", "pull", "hf://org/parts", "--tenant", "demo")
        require("one part of several" in said, said)
        said = refused(gateway, "models", "pull", f"https://localhost:{gateway.port}/m.gguf", "--tenant", "demo")
        require("not trusted" in said, said)

    @check("a connection that is cut in its handshake is no certificate that nobody trusts")
    def _():
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def reset():
                with contextlib.suppress(OSError):
                    while True:
                        connection = listener.accept()[0]
                        connection.recv(100)
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        connection.close()
            threading.Thread(target=reset, daemon=True).start()
            said = refused(gateway, "models", "pull", f"https://localhost:{listener.getsockname()[1]}/m.gguf",
                           "--tenant", "demo")
            require("cut in the TLS handshake" in said and "trusted" not in said, said)

    @check("a redirect to an address that is never allowed is refused, and to one that its tenant may not reach as well")
    def _():
        hub.put("org/lead", "lead.gguf", gguf("lead", MIB))
        hub.leads["org/lead/lead.gguf"] = "https://169.254.169.254/latest/m.gguf"
        said = refused(gateway, "models", "pull", "hf://org/lead", "--tenant", "demo")
        require("169.254.169.254" in said and "never use" in said, said)
        hub.leads["org/lead/lead.gguf"] = f"http://localhost:{gateway.port}/m.gguf"
        said = refused(gateway, "models", "pull", "hf://org/lead", "--tenant", "demo")
        require("not to https" in said, said)
        # The tenant's own operators may reach what the owner lists for them, and are led no further.
        gateway.command("operators", "add", "rita", "--role", "deployer", "--tenant", "near")
        token = gateway.created("operators", "token", "rita")["token"]
        source = f"https://127.0.0.1:{hub.hub.server_port}/org/lead/resolve/main/lead.gguf"
        for lead, port in [("127.0.0.2", hub.store.server_port), ("localhost", hub.store.server_port)]:
            hub.leads["org/lead/lead.gguf"] = f"https://{lead}:{port}/blobs/org/lead/lead.gguf"
            arguments = ["models", "pull", source, "--tenant", "near", "--token", token]
            if lead == "localhost":
                gateway.command(*arguments)
            else:
                said = refused(gateway, *arguments)
                require(lead in said and "upstreams.tenants.near" in said, said)
        gateway.command("models", "remove", "near/lead:1")

    @check("a server that says another length than the hub, or sends more or less than it says, is found out")
    def _():
        name = "org/lies/lies.gguf"
        hub.put("org/lies", "lies.gguf", gguf("lies", 2 * MIB))
        arguments = ["models", "pull", "hf://org/lies/lies.gguf", "--tenant", "demo"]
        before = len(hub.of("store"))
        hub.lengths[name] = lambda length: length + 5
        said = refused(gateway, *arguments)
        require("the hub says" in said and not partials(gateway), f"{said} {partials(gateway)}")
        # Nobody says a checksum: the length alone tells.
        hub.untold.add(name)
        said = refused(gateway, *arguments)
        require("cut" in said, said)
        require("lies:1" not in models(gateway), "a file that is too short was registered")
        answers = iter([2 * MIB, 3 * MIB, 4 * MIB, 5 * MIB, 6 * MIB, 7 * MIB])
        hub.lengths[name] = lambda _: next(answers)
        hub.cuts[name] = [MIB] * 6
        said = refused(gateway, *arguments)
        require("cut" in said or "something else" in said, said)
        require("lies:1" not in models(gateway), "a file whose length changes was registered")
        hub.cuts[name] = []
        hub.untold.clear()
        # No length at all, and more than the hub has said.
        hub.lengths[name] = lambda _: None
        hub.files[name] += bytes(MIB)
        content = hub.files[name]
        hub.sizes[name] = 2 * MIB
        said = refused(gateway, *arguments)
        require("sends more than" in said, said)
        require(not partials(gateway), f"{partials(gateway)}")
        del hub.sizes[name]
        pull(gateway, "hf://org/lies/lies.gguf")
        model = gateway.created("models", "show", "demo/lies")
        require(model["size"] == len(content), f"{model}")
        del hub.lengths[name]
        gateway.command("models", "remove", "demo/lies:1")
        return f"{len(hub.of('store')) - before} answers"

    @check("what has no tag, or a weak one, is gone on with by its checksum alone, and else begins anew")
    def _():
        content = gguf("tags", 4 * MIB)
        for number, (tag, is_told) in enumerate([(None, True), ('W/"weak"', True), (None, False), ('W/"weak"', False)]):
            repository = f"org/tags{number}"
            name, digest = f"{repository}/t.gguf", hub.put(repository, "t.gguf", content)
            hub.tags[name], hub.cuts[name] = tag, [2 * MIB]
            if not is_told:
                hub.untold.add(name)
            before = len(hub.requests)
            pull(gateway, f"hf://{name}", "--name", f"tags{number}")
            seen = [request["headers"] for request in hub.requests[before:] if request["role"] == "store"]
            ranges = [headers.get("range") for headers in seen]
            require(ranges == [None, f"bytes={2 * MIB}-" if is_told else None], f"{tag} {is_told}: {ranges}")
            require(not any(headers.get("if-range") for headers in seen), f"{tag}: a weak tag was sent back")
            require(gateway.created("models", "show", f"demo/tags{number}")["sha256"] == digest, "another content")
        hub.untold.clear()
        paths = {model["path"] for model in models(gateway).values() if model["name"].startswith("tags")}
        require(len(paths) == 1, f"one content has several files: {paths}")
        for number in range(4):
            require(pathlib.Path(*paths).exists(), "the file went before its last name")
            gateway.command("models", "remove", f"demo/tags{number}:1")
        require(not pathlib.Path(*paths).exists(), "the file outlived its last name")

    @check("another content for a version that is there is refused before a byte of it is fetched")
    def _():
        hub.put("org/fixed", "fixed.gguf", gguf("fixed", MIB))
        pull(gateway, "hf://org/fixed", "--version", "7")
        hub.put("org/fixed", "fixed.gguf", gguf("fixed anew", MIB))
        hub.pace = MIB / 8
        said = refused(gateway, "models", "pull", "hf://org/fixed", "--tenant", "demo", "--version", "7")
        require("demo/fixed:7 is registered already" in said and "another version" in said, said)
        require(not partials(gateway), f"{partials(gateway)}")
        hub.pace = None
        pull(gateway, "hf://org/fixed")
        require({"fixed:7", "fixed:8"} <= set(models(gateway)), f"{set(models(gateway))}")
        for version in [7, 8]:
            gateway.command("models", "remove", f"demo/fixed:{version}")

    @check("a pull is cancelled and gone on with later, and one that waits for its turn says so and begins after it")
    def _():
        hub.pace = MIB
        names = ["wait0", "wait1", "wait2"]
        for name in names:
            hub.put(f"org/{name}", f"{name}.gguf", gguf(name, 2 * MIB))
        begun = [gateway.created("models", "pull", f"hf://org/{name}", "--tenant", "demo", "--no-wait") for name in names]
        require(any("waits for its turn" in step["text"] for step in begun[2]["steps"]), f"{begun[2]}")
        wait_for(lambda: any(part.stat().st_size > MIB / 4 for part in partials(gateway)), 20, "a part is there")
        over = gateway.created("operations", "cancel", begun[0]["id"])
        require(over["status"] == "Failed" and over["error"]["code"] == "Cancelled"
                and "operator.token" in over["error"]["message"], f"{over}")
        entry = wait_for(lambda: next((entry for entry in gateway.created("audit", "list")["value"]
                                       if entry["resource"] == f"demo/operations/{begun[0]['id']}"), None), 10, "an entry")
        require(entry["operator"] == "operator.token" and '"Cancelled"' in entry["after"], f"{entry}")
        require("over already" in refused(gateway, "operations", "cancel", gateway.created(
            "operations", "list")["value"][-1]["id"]), "what is over was cancelled")
        hub.pace = None
        for operation in begun[1:]:
            said = wait_for(lambda: (found := gateway.created("operations", "show", operation["id"]))["status"] not in
                            ["Creating"] and found, 30, "it is over")
            require(said["status"] == "Succeeded", f"{said}")
        before = len(hub.requests)
        pull(gateway, "hf://org/wait0")
        require(any("range" in request["headers"] for request in hub.requests[before:]), "it began anew")
        for name in names:
            gateway.command("models", "remove", f"demo/{name}:1")

    @check("a URL is pulled like a file of the hub, and its query is written down nowhere")
    def _():
        digest = hub.put("org/web", "web.gguf", gguf("web", MIB))
        pull(gateway, f"{hub.url('store')}/blobs/org/web/web.gguf?key=canary-key", "--name", "web")
        model = gateway.created("models", "show", "demo/web")
        require(model["sha256"] == digest and model["source"] == f"{hub.url('store')}/blobs/org/web/web.gguf", f"{model}")
        require("canary-key" not in gateway.log() + gateway.command("audit", "list", "--output", "json"), "it is there")
        gateway.command("models", "remove", "demo/web:1")

    @check("progress is plain lines without a terminal and a bar on one")
    def _():
        hub.put("org/slow", "slow.gguf", gguf("slow", 3 * MIB))
        hub.pace = 1.5 * MIB
        command = [setting.gatehouse, "models", "pull", "hf://org/slow", "--tenant", "demo", "--config",
                   str(gateway.configuration)]
        plain = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        require(plain.returncode == 0, plain.stderr)
        require(" of 3 MiB (" in plain.stderr and "/s" in plain.stderr and "\r" not in plain.stderr, plain.stderr)
        gateway.command("models", "remove", "demo/slow:1")
        primary, secondary = pty.openpty()
        shown = b""
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=secondary)
        os.close(secondary)
        with contextlib.suppress(OSError):
            while select.select([primary], [], [], 30)[0]:
                piece = os.read(primary, 65536)
                if not piece:
                    break
                shown += piece
        os.close(primary)
        require(process.wait(30) == 0, shown.decode())
        bars = [part for part in shown.decode().split("\r") if "[" in part and "###" in part and "left" in part]
        require(len(bars) >= 2, f"{len(bars)} bars: {shown[-300:]}")
        hub.pace = None
        gateway.command("models", "remove", "demo/slow:1")
        return f"{len(bars)} bars"

    @check("a gateway that stops in the middle says so afterwards, and the next try goes on")
    def _():
        hub.put("org/stop", "stop.gguf", gguf("stop", 4 * MIB))
        hub.pace = 2 * MIB
        operation = gateway.created("models", "pull", "hf://org/stop", "--tenant", "demo", "--no-wait")
        wait_for(lambda: sum(part.stat().st_size for part in partials(gateway)) > MIB, 20, "a part is there")
        gateway.kill()
        hub.pace = None
        gateway.start()
        found = gateway.created("operations", "show", operation["id"])
        require(found["status"] == "Failed" and "goes on where it was" in found["error"]["message"], f"{found}")
        before = len(hub.requests)
        pull(gateway, "hf://org/stop")
        ranges = [request["headers"].get("range") for request in hub.requests[before:]]
        require(any(ranges), f"it began anew: {ranges}")
        gateway.command("models", "remove", "demo/stop:1")
        return f"{ranges[-1]}"

    @check("what a gateway that was killed has left of a pull goes with its next start, and nothing else of the folder")
    def _():
        folder = gateway.directory / "models" / "demo" / "pulled"
        lost, own = folder / ("0" * 64 + ".gguf"), folder / "notes.txt"
        old = folder / "partial" / ("1" * 32)
        for path in [lost, own, old]:
            path.write_bytes(b"GGUF")
        os.utime(old, (time.time() - 8 * 86400,) * 2)
        there = {model["path"] for model in models(gateway).values()}
        gateway.kill()
        gateway.start()
        wait_for(lambda: not lost.exists() and not old.exists(), 10, "what nobody names is gone")
        require(own.exists() and all(pathlib.Path(path).exists() for path in there), "something else is gone")
        told = [line for line in gateway.log().splitlines() if "file of a pulled model removed" in line]
        require(len(told) == 2 and any(lost.name in line for line in told), f"{told}")
        own.unlink()

    @check("verify finds a file that has changed, and fails")
    def _():
        pull(gateway, "hf://org/two/sub/a.gguf", "--name", "bits")
        good = gateway.created("models", "verify", "demo/bits")
        require(good["isGood"] and good["found"] == good["expected"], f"{good}")
        path = pathlib.Path(gateway.created("models", "show", "demo/bits")["path"])
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
        said = refused(gateway, "models", "verify", "demo/bits:1")
        require("not the file that was registered" in said, said)
        gateway.command("models", "remove", "demo/bits:1")

    @check("over the limit those go that no deployment uses, last used longest ago first; what is too large is refused before")
    def _():
        there = models(gateway)
        require(set(there) == {"one:1", "cut:1"}, f"{set(there)}")
        gateway.apply(native_documents("kept", model="azureml:one:1"), waits=False)
        hub.put("org/fill", "fill.gguf", gguf("fill", 8 * MIB))
        pull(gateway, "hf://org/fill")
        time.sleep(1.1)
        hub.put("org/more", "more.gguf", gguf("more", 8 * MIB))
        operation = pull(gateway, "hf://org/more")
        require(set(models(gateway)) == {"one:1", "fill:1", "more:1"}, f"{set(models(gateway))}")
        require(any("removed demo/cut:1" in step["text"] for step in operation["steps"]), f"{operation['steps']}")
        require(not pathlib.Path(there["cut:1"]["path"]).exists(), "its file is still there")
        hub.put("org/huge", "huge.gguf", gguf("huge", 19 * MIB))
        said = refused(gateway, "models", "pull", "hf://org/huge", "--tenant", "demo")
        require("models.limit" in said and "20 MiB" in said, said)
        require(set(models(gateway)) == {"one:1", "fill:1", "more:1"}, f"something went: {set(models(gateway))}")
        audit = gateway.command("audit", "list", "--output", "json")
        require("demo/cut:1" in audit and '"gatehouse"' in audit, "the removal is not in the audit log")

    @check("a model that a deployment uses is not removed, and the deployment is named")
    def _():
        said = refused(gateway, "models", "remove", "demo/one:1")
        require("demo/kept/" in said, said)
        require(gateway.created("models", "verify", "demo/one")["isGood"], "its file is gone")

    @check("safetensors and ONNX are known by their headers, and no deployment runs them")
    def _():
        header = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
        hub.put("org/st", "m.safetensors", struct.pack("<Q", len(header)) + header + bytes(4))
        pull(gateway, "hf://org/st/m.safetensors", "--name", "tensors")
        model = gateway.created("models", "show", "demo/tensors")
        require(model["format"] == "safetensors" and "not GGUF" in model["refusal"], f"{model}")
        try:
            gateway.apply(native_documents("refused", model="azureml:tensors:1"))
        except Failure as failure:
            require("safetensors" in str(failure) and "only GGUF" in str(failure), f"{failure}")
        else:
            raise Failure("it was applied")

with ModelGateway("offline", offline=True) as gateway:
    @check("offline nothing is fetched and nobody is asked; a file of the machine is registered all the same")
    def _():
        before = len(hub.requests)
        said = refused(gateway, "models", "pull", "hf://org/one", "--tenant", "demo")
        require("models.offline" in said and len(hub.requests) == before, said)
        path = gateway.directory / "own.gguf"
        path.write_bytes(gguf("own", MIB))
        gateway.command("models", "pull", f"file:{path}", "--tenant", "demo")
        gateway.command("models", "remove", "demo/own:1")
        require(path.exists(), "a file that was not pulled is gone")

if setting.model:
    with ModelGateway("answers") as gateway:
        @check("a native deployment answers with the model that was pulled")
        def _():
            content = pathlib.Path(setting.model).read_bytes()
            hub.put("org/SmolLM2-135M-Instruct-GGUF", pathlib.Path(setting.model).name, content)
            pull(gateway, "hf://org/SmolLM2-135M-Instruct-GGUF", "--name", "smollm2")
            header = gateway.created("models", "show", "demo/smollm2")["header"]
            require(header["hasChatTemplate"] and "message" in header["chatTemplate"] and header["kind"] == "decoder"
                    and header["contextLength"] == 8192 and header["parameters"] > 100_000_000, f"{header}")
            used = gateway.created("models", "show", "demo/smollm2")["lastUsedAt"]
            gateway.apply(native_documents("chat", model="azureml:smollm2@latest"))
            response = gateway.request("POST", "/v1/chat/completions", {
                "model": "chat", "messages": [{"role": "user", "content": "What is the capital of France?"}],
                "temperature": 0, "max_tokens": 16}, {"api-key": gateway.key("chat")})
            require(response.status == 200, f"{response.status}: {response.content[:300]}")
            said = json.loads(response.content)["choices"][0]["message"]["content"]
            direct = run(setting.worker, "--model", setting.model, "--once", "What is the capital of France?", "--max-tokens", 16)
            require(said.strip() == direct.strip(), f"{said!r}, directly {direct!r}")
            later = gateway.created("models", "show", "demo/smollm2")["lastUsedAt"]
            require(later > used, f"the worker's start is not noted: {later}")
            return f"{header['quantisation']}, {header['parameters']} parameters: {said.strip()!r}"

        @check("the file of a model that is removed stays as long as a worker that leaves has it")
        def _():
            key, path = gateway.key("chat"), pathlib.Path(gateway.created("models", "show", "demo/smollm2")["path"])
            connection = gateway.connection()
            connection.request("POST", "/v1/chat/completions", json.dumps({
                "model": "chat", "messages": [{"role": "user", "content": "Count from 1 to 500."}], "stream": True,
                "max_tokens": 300}), {"api-key": key, "content-type": "application/json"})
            answer = connection.getresponse()
            require(answer.status == 200 and answer.readline(), f"{answer.status}")
            gateway.command("endpoints", "delete", "demo/chat")
            gateway.command("models", "remove", "demo/smollm2:1")
            running = list(gateway.worker_pids())
            require(running and path.exists(), f"{running} {path.exists()}")
            require(b"[DONE]" in answer.read(), "the answer was cut")
            wait_for(lambda: not path.exists(), 30, "its file is gone")
            require(not list(gateway.worker_pids()), "the file went before the worker")

hub.close()
check.finish()
