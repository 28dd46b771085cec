"""Devices: what the real engine reports, and where workers go on GPUs that only a stand-in for the worker program has."""
import contextlib
import json
import pathlib
import re
import shutil
import struct
import subprocess
import sys

from harness import Checks, Failure, Gateway, Setting, require, run, upstream_documents, wait_for

check = Checks("devices")
MIB = 1 << 20
# The exit code of a model, or of devices, that cannot be had.
REFUSED = 65

# Answers `--list-devices` with what devices.json beside it says, less what its workers have taken; as a worker it takes
# what `taken` says of each device some time after it was started, and serves.
STAND_IN = r'''#!%(python)s
import json, os, pathlib, signal, socket, sys, threading, time

here = pathlib.Path(__file__).parent
state = json.loads((here / "devices.json").read_text())
if "--list-devices" in sys.argv:
    if state.get("fault"):
        print(state["fault"], file=sys.stderr)
        sys.exit(65)
    for device in state["devices"]:
        for worker in (here / "taken").iterdir():
            if device["name"] in worker.read_text().split():
                device["freeBytes"] -= state["taken"]
    print(json.dumps(state["devices"]))
    sys.exit(0)

path = sys.argv[sys.argv.index("--socket") + 1]
devices = [sys.argv[at + 1] for at, word in enumerate(sys.argv) if word == "--device"]
mine = here / "taken" / str(os.getpid())
with open(here / "started.jsonl", "a") as log:
    print(json.dumps(sys.argv[1:]), file=log)


def leave(*_):
    mine.unlink(missing_ok=True)
    os._exit(0)


signal.signal(signal.SIGTERM, leave)
threading.Thread(target=lambda: (sys.stdin.read(), leave()), daemon=True).start()
time.sleep(1)
mine.write_text(" ".join(devices))
pathlib.Path(path).unlink(missing_ok=True)
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen()
while True:
    connection, _ = listener.accept()
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
    connection.close()
'''


def text(value):
    return struct.pack("<Q", len(value)) + value.encode()


def gguf():
    """A model of 32 layers whose cache takes 128 KiB for each token; without weights."""
    number = lambda key, value: text(key) + struct.pack("<II", 4, value)
    entries = [text("general.architecture") + struct.pack("<I", 8) + text("llama"), number("llama.block_count", 32),
               number("llama.embedding_length", 1024), number("llama.attention.head_count", 32),
               number("llama.context_length", 65536)]
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(entries)) + b"".join(entries)


def gpu(index, free):
    return {"index": index, "name": f"CUDA{index}", "kind": "gpu", "description": "a stand-in", "totalBytes": 2000 * MIB,
            "freeBytes": free * MIB}


CPU = {"index": 9, "name": "CPU", "kind": "cpu", "description": "", "totalBytes": 64 << 30, "freeBytes": 32 << 30}


class Machine:
    """A gateway whose worker program reports these GPUs."""

    def __init__(self, name, *free, policy=None, fault=None, taken=550):
        self.folder = setting.directory / f"{name}-program"
        (self.folder / "taken").mkdir(parents=True)
        program = self.folder / "gatehouse-worker"
        program.write_text(STAND_IN % {"python": sys.executable})
        program.chmod(0o755)
        self.report(*free, fault=fault, taken=taken)
        self.gateway = Gateway(setting, name, arguments=["--worker", program])
        if policy is not None:
            written = self.gateway.configuration.read_text()
            run = f"workers:\n  runtime: {self.gateway.directory}/run\n"
            require(run in written, "the harness writes workers: in another way")
            self.gateway.configuration.write_text(written.replace(run, f"{run}  devices: {policy}\n"))

    def report(self, *free, fault=None, taken=550):
        state = {"devices": [gpu(index, size) for index, size in enumerate(free)] + [CPU], "taken": taken * MIB,
                 "fault": fault}
        (self.folder / "devices.json").write_text(json.dumps(state))

    def __enter__(self):
        self.gateway.__enter__()
        self.gateway.command("tenants", "create", "demo")
        self.register("small")
        return self

    def __exit__(self, *problem):
        self.gateway.__exit__(*problem)

    def register(self, model):
        """One more model, of a file of its own."""
        file = self.gateway.directory / f"{model}.gguf"
        file.write_bytes(gguf())
        self.gateway.command("models", "register", f"demo/{model}", "--path", file)

    def apply(self, endpoint, model="small", **deployments):
        """Native deployments, each with a cache of so many MiB."""
        weights = dict.fromkeys(deployments, 0)
        weights[next(iter(deployments))] = 100
        self.gateway.apply(upstream_documents(endpoint, {name: (weights[name], {
            "model": f"azureml:{model}:1", "native": {"engine": "llama", "slots": 1, "context": 8 * size}})
            for name, size in deployments.items()}))

    def instances(self, endpoint, name):
        return self.gateway.manage("GET", f"demo/endpoints/{endpoint}/deployments/{name}")["instances"]

    def place(self, endpoint, name):
        """Where its only worker is, and why not on a GPU, as soon as it is ready."""
        def ready():
            found = self.instances(endpoint, name)
            return found and found[0]["isReady"] and found[0]
        found = wait_for(ready, 60, f"{endpoint}/{name} is ready")
        return found["device"], found.get("deviceReason")

    def started(self):
        """The command lines of all workers so far, without what is the same of all."""
        lines = (self.folder / "started.jsonl").read_text().splitlines()
        return [words[words.index("--context") + 2:] for words in map(json.loads, lines)]

    def devices(self):
        return json.loads(self.gateway.command("devices", "--output", "json"))


setting = Setting()

if setting.worker and setting.model:
    @check("the real worker lists the engine's devices: the CPU last, with its memory, and nothing else is printed")
    def _():
        found = json.loads(run(setting.worker, "--list-devices"))
        last = found[-1]
        require((last["name"], last["kind"]) == ("CPU", "cpu"), f"{found}")
        require(0 < last["freeBytes"] <= last["totalBytes"], f"{last}")
        require([device["index"] for device in found] == list(range(len(found))), f"{found}")
        return ", ".join(device["name"] for device in found)

    @check("without a backend it says so and lists nothing; a GPU that is not there is refused by its name")
    def _():
        empty = setting.directory / "no-backends"
        empty.mkdir()
        for arguments, words in [
                (["--list-devices", "--backends", empty], "No backend could be loaded"),
                (["--model", setting.model, "--once", "Hi", "--device", "CUDA77"], 'No GPU is called')]:
            done = subprocess.run([setting.worker, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, timeout=60)
            require(done.returncode == REFUSED and done.stdout == "", f"{done.returncode}: {done.stdout[:200]}")
            require(words in done.stderr, done.stderr[-300:])

    @check("workers.backends is told to the real worker; a folder that is not there is refused, with its line")
    def _():
        empty = setting.directory / "empty-backends"
        empty.mkdir()
        with Gateway(setting, "without", more=f"  backends: {empty}\n") as gateway:
            gateway.register_model()
            gateway.apply(upstream_documents("chat", {"local": (100, {
                "model": "azureml:smollm2:1", "native": {"engine": "llama"}})}), waits=False)
            problem = json.loads(gateway.command("devices", "--output", "json"))["problem"]
            require("No backend could be loaded" in problem, problem)
            wait_for(lambda: "No backend could be loaded" in gateway.command(
                "deployments", "logs", "demo/chat/local"), 30, "the worker's log says it")
            gateway.configuration.write_text(gateway.configuration.read_text().replace(str(empty), f"{empty}/none"))
            done = subprocess.run([setting.gatehouse, "check", "--config", str(gateway.configuration)],
                                  capture_output=True, text=True)
            said = done.stdout + done.stderr
            require(done.returncode != 0 and f'workers.backends: "{empty}/none" does not exist; name' in said, said[-400:])

    @check("a backend of another source, or that cannot be loaded, is left out: devices, the deployment and the log say why")
    def _():
        library = re.search(r"libllama\.so\S* => (\S+)", run("ldd", setting.worker))[1]
        folder = setting.directory / "other-backends"
        shutil.copytree(pathlib.Path(library).parent, folder, symlinks=True)
        for old in folder.glob("libggml-cuda.so"):
            old.unlink()
        # The engine's own, but for one bit of its build id, which is the checksum of the source; and half of it.
        content = (folder / "libggml-cpu.so").read_bytes()
        place = content.index(b"GNU\0", content.index(b"\x20\0\0\0\x03\0\0\0GNU\0")) + 4
        (folder / "libggml-cuda.so").write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1:])
        (folder / "libggml-vulkan.so").write_bytes(content[:len(content) // 2])
        with Gateway(setting, "other", more=f"  backends: {folder}\n") as gateway:
            gateway.register_model()
            gateway.apply(upstream_documents("chat", {"local": (100, {
                "model": "azureml:smollm2:1", "native": {"engine": "llama", "slots": 1, "context": 256}})}))
            found = json.loads(gateway.command("devices", "--output", "json"))
            said = {device["name"]: device["description"] for device in found["value"] if device["kind"] == "unusable"}
            require(said == {"libggml-cuda.so": "it is of another source than the engine, with which it would crash",
                             "libggml-vulkan.so": "it is no library, or not all of one"}, f"{said}")
            require("problem" not in found and found["value"][-1]["name"] == "CPU", f"{found}")
            shown = gateway.created("deployments", "show", "demo/chat/local")["instances"][0]
            logs = gateway.command("deployments", "logs", "demo/chat/local")
            for name, reason in said.items():
                require(f"{name} is not used: {reason}" in shown["deviceReason"], f"{shown}")
                require(f"a backend is not used: {name}: {reason}" in logs, logs[-2000:])

    with Gateway(setting, "real") as gateway:
        @check("a gateway with the real engine shows the CPU, and its worker there with the reason")
        def _():
            gateway.register_model()
            gateway.apply(upstream_documents("chat", {"local": (100, {
                "model": "azureml:smollm2:1", "native": {"engine": "llama", "slots": 1, "context": 256}})}))
            found = json.loads(gateway.command("devices", "--output", "json"))
            last = found["value"][-1]
            require(found["policy"] == "auto" and "problem" not in found, f"{found}")
            require(last["name"] == "CPU" and last["totalBytes"] > 256 * MIB, f"{last}")
            if len(found["value"]) == 1:
                require([(one["deployment"], one["state"]) for one in last["instances"]] == [
                    ("demo/chat/local", "ready")], f"{last['instances']}")
                shown = gateway.created("deployments", "show", "demo/chat/local")["instances"][0]
                require(shown["device"] == "CPU", f"{shown}")
                require(shown["deviceReason"] == "the engine's backends report no GPU", f"{shown}")
            table = gateway.command("devices").splitlines()
            require(table[0].split()[:3] == ["INDEX", "DEVICE", "KIND"] and len(table) == 1 + len(found["value"]),
                    f"{table}")
else:
    print("no worker or no model was given: what the real engine reports is left out")

with Machine("placed", 1000, 700) as machine:
    @check("two workers that start together go to two GPUs, and what the first will take counts before it is taken")
    def _():
        # 256 MiB of cache and about 300 beside it, each.
        machine.apply("pair", one=256, two=256)
        places = {machine.place("pair", name) for name in ["one", "two"]}
        require(places == {("CUDA0", None), ("CUDA1", None)}, f"{places}")
        starts = sorted(words[:2] for words in machine.started())
        require(starts == [["--device", "CUDA0"], ["--device", "CUDA1"]], f"{starts}")
        threads = [words[2:] for words in machine.started()]
        require(threads == [["--threads", "1"]] * 2, f"{threads}")

    @check("gatehouse devices shows what is free, and who is where")
    def _():
        def free():
            return [device["freeBytes"] // MIB for device in machine.devices()["value"]][:2] == [450, 150]
        wait_for(free, 20, "both have taken 550 MiB")
        found = {device["name"]: device for device in machine.devices()["value"]}
        there = {name: [one["state"] for one in found[name]["instances"]] for name in found}
        require(there == {"CUDA0": ["ready"], "CUDA1": ["ready"], "CPU": []}, f"{there}")
        require(500 < found["CUDA0"]["instances"][0]["bytes"] // MIB < 600, f"{found['CUDA0']['instances']}")
        table = machine.gateway.command("devices")
        for words in ["CUDA0", "2000 MiB", "450 MiB", "demo/pair/one 0 (ready, about 5"]:
            require(words in table, table)

    @check("full GPUs are passed over: the next one runs on the CPU, and log and deployments show say why")
    def _():
        machine.apply("late", third=256)
        device, reason = machine.place("late", "third")
        require(device == "CPU", f"{device}")
        require(reason.startswith("on a GPU it needs 5") and reason.endswith("CUDA0 450, CUDA1 150"), reason)
        require(machine.started()[-1][:2] == ["--gpu-layers", "0"], f"{machine.started()[-1]}")
        require(reason in machine.gateway.command("deployments", "show", "demo/late/third"), "the table does not say it")
        require(reason in machine.gateway.log(), "the log does not say it")

    @check("a model that no GPU holds alone lies on two, each with its part")
    def _():
        for name in ["pair", "late"]:
            machine.gateway.command("endpoints", "delete", f"demo/{name}")
        wait_for(lambda: not list((machine.folder / "taken").iterdir()), 60, "the workers are gone")
        machine.apply("wide", large=768)
        device, reason = machine.place("wide", "large")
        require(reason is None and device.startswith("CUDA0 6") and " + CUDA1 3" in device, f"{device}, {reason}")
        words = machine.started()[-1]
        require(words[:5] == ["--device", "CUDA0", "--device", "CUDA1", "--tensor-split"], f"{words}")
        parts = [float(part) for part in words[5].split(",")]
        require(len(parts) == 2 and abs(sum(parts) - 1) < 0.001 and parts[0] > parts[1], f"{parts}")
        return device

with Machine("chosen", 1000, 900, 800, policy="[CUDA2, 1]") as machine:
    @check("of a list in workers.devices the GPU with most memory left is taken, and no other one")
    def _():
        machine.apply("chosen", one=256)
        require(machine.place("chosen", "one") == ("CUDA1", None), f"{machine.place('chosen', 'one')}")
        used = [device["isUsed"] for device in machine.devices()["value"]]
        require(used == [False, True, True, True], f"{used}")
        require(machine.devices()["policy"] == "CUDA2, 1", f"{machine.devices()['policy']}")

    @check("what names no device is told by check, with its line")
    def _():
        path = machine.gateway.directory / "wrong.yaml"
        path.write_text(machine.gateway.configuration.read_text().replace("[CUDA2, 1]", "[1, -2]"))
        with contextlib.suppress(Failure):
            run(setting.gatehouse, "check", "--config", path)
            raise AssertionError("it was taken")
        done = subprocess.run([setting.gatehouse, "check", "--config", str(path)], capture_output=True, text=True)
        require("workers.devices: is no list of GPUs; write auto, cpu" in done.stdout + done.stderr, done.stderr[-400:])

with Machine("host", 1000, policy="cpu") as machine:
    @check("workers.devices: cpu leaves every GPU alone")
    def _():
        machine.apply("host", one=256)
        require(machine.place("host", "one") == ("CPU", "workers.devices is cpu"), f"{machine.place('host', 'one')}")
        require(machine.started()[-1][:2] == ["--gpu-layers", "0"], f"{machine.started()}")

with Machine("broken", 1000, fault="the driver is gone") as machine:
    @check("a worker program that cannot list devices means the CPU, and one line of the log says why")
    def _():
        machine.apply("broken", one=256)
        device, reason = machine.place("broken", "one")
        require(device == "CPU" and "the driver is gone" in reason, f"{device}: {reason}")
        lines = [line for line in machine.gateway.log().splitlines() if "devices are not known: workers" in line]
        require(len(lines) == 1 and "the driver is gone" in lines[0], f"{lines}")
        found = machine.devices()
        require(found["value"] == [] and "the driver is gone" in found["problem"], f"{found}")
        done = subprocess.run([setting.gatehouse, "devices", "--config", str(machine.gateway.configuration)],
                              capture_output=True, text=True)
        require("workers run on the CPU" in done.stderr and done.returncode == 0, done.stderr[-300:])

    @check("when a later list has a GPU, a worker that is on the CPU for want of a list goes there")
    def _():
        before = machine.instances("broken", "one")[0]["pid"]
        machine.report(1000)
        # After so many failures it is asked again within a minute.
        wait_for(lambda: machine.place("broken", "one") == ("CUDA0", None), 90, "it is on the GPU")
        [now] = machine.instances("broken", "one")
        require(now["pid"] != before and [words[:2] for words in machine.started()] == [
            ["--gpu-layers", "0"], ["--device", "CUDA0"]], f"{now}: {machine.started()}")
        require("worker is placed anew: the devices are known now" in machine.gateway.log(), "the log does not say it")
        require("problem" not in machine.devices(), f"{machine.devices()}")

with Machine("shared", 1300) as machine:
    @check("several models lie on one GPU while it has room; one more takes the CPU, and the room of one that goes is used")
    def _():
        for model in ["second", "third"]:
            machine.register(model)
        machine.apply("first", one=256)
        machine.apply("second", model="second", two=256)
        for endpoint, name in [("first", "one"), ("second", "two")]:
            require(machine.place(endpoint, name) == ("CUDA0", None), f"{endpoint}: {machine.place(endpoint, name)}")
        wait_for(lambda: machine.devices()["value"][0]["freeBytes"] // MIB == 200, 20, "both have taken 550 MiB")
        there = sorted(one["deployment"] for one in machine.devices()["value"][0]["instances"])
        require(there == ["demo/first/one", "demo/second/two"], f"{there}")
        machine.apply("third", model="third", three=256)
        device, reason = machine.place("third", "three")
        require(device == "CPU" and reason.endswith("CUDA0 200"), f"{device}: {reason}")
        machine.gateway.command("endpoints", "delete", "demo/first")
        wait_for(lambda: len(list((machine.folder / "taken").iterdir())) == 2, 60, "the first one's worker is gone")
        # It stays where it is until it is started again, as after a change of its settings.
        require(machine.place("third", "three")[0] == "CPU", "it has moved by itself")
        machine.apply("third", model="third", three=240)
        wait_for(lambda: machine.place("third", "three") == ("CUDA0", None), 60, "the changed one is on the GPU")
        require(machine.place("second", "two") == ("CUDA0", None), f"{machine.place('second', 'two')}")

check.finish()
