"""The embedded worker through the gateway: interleaved streams, a worker killed in mid-answer, the direct answer."""
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

from asking import Worker
from harness import (Checks, Gateway, Setting, UnixConnection, lines, native_documents, require, run, upstream_documents,
                     wait_for)

check = Checks("worker")
PROMPTS = ["What is the capital of France?", "Name three colours.", "Why is the sky blue?", "Who wrote Faust?",
           "What is 2+2?", "Say hello in French.", "Write a line about rain.", "How do magnets work?",
           "Count from one to ten.", "What is the capital of Peru?", "What colours has the flag of Italy?",
           "Give me a name for a cat.", "What is the boiling point of water?", "List four prime numbers.",
           "Describe a lighthouse.", "What does a blacksmith do?", "Translate 'good night' into Spanish.",
           "What is a haiku?", "How many days has a leap year?", "Tell me a joke about bread."]


def chat(gateway, key, prompt, tokens, stream):
    """An open response of a chat call."""
    connection = gateway.connection()
    connection.request("POST", "/v1/chat/completions", json.dumps({
        "model": "chat", "messages": [{"role": "user", "content": prompt}], "temperature": 0,
        "max_tokens": tokens, "stream": stream}), {"content-type": "application/json", "api-key": key})
    response = connection.getresponse()
    response.connection = connection
    return response


def pieces(response):
    """The text pieces of an event stream; raises IncompleteRead where it is cut."""
    for line in lines(response):
        if not line.startswith(b"data: "):
            continue
        if line.strip() == b"data: [DONE]":
            response.is_done = True
            continue
        for choice in json.loads(line[6:]).get("choices", []):
            if text := choice["delta"].get("content"):
                yield text


def answer(gateway, key, prompt, tokens=24):
    response = chat(gateway, key, prompt, tokens, stream=False)
    body = response.read()
    response.connection.close()
    require(response.status == 200, f"status {response.status}: {body[:200]}")
    return json.loads(body)["choices"][0]["message"]["content"]


setting = Setting()
if not setting.model:
    print("no model file was given: the worker's checks are left out")
    check.finish()


@check("requests that were on their way when the worker was asked to stop are answered")
def _():
    path = str(setting.directory / "stopped.sock")
    worker = subprocess.Popen([setting.worker, "--model", setting.model, "--socket", path], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    try:
        def status(connection, method, target, body=None):
            connection.request(method, target, body)
            response = connection.getresponse()
            response.read()
            return response.status
        wait_for(lambda: status(UnixConnection(path), "GET", "/healthz") == 200, 60, "the worker is ready")
        kept, new = UnixConnection(path), UnixConnection(path)
        require(status(kept, "GET", "/v1/models") == 200, "the worker does not answer")
        worker.send_signal(signal.SIGTERM)
        # Only now, so that the worker has seen the signal: the listener's queue and the kept connection are the two ways.
        wait_for(lambda: status(UnixConnection(path), "GET", "/healthz") == 503, 10, "the worker stops")
        body = json.dumps({"prompt": "One, two,", "max_tokens": 4})
        for name, connection in [("a kept connection", kept), ("a new connection", new)]:
            got = status(connection, "POST", "/v1/completions", body)
            require(got == 200, f"{name} got {got}")
        require(worker.wait(10) == 0, f"exit code {worker.returncode}")
    finally:
        if worker.poll() is None:
            worker.kill()
        worker.wait()


@check("--help tells the range of every number, and one outside of it is refused with both")
def _():
    told = " ".join(run(setting.worker, "--help").split())
    ranges = {"--slots": (1, 64), "--context": (16, 4194304), "--threads": (1, 256), "--queue": (0, 4096), "--drain": (0, 3600),
              "--step-seconds": (1, 86400)}
    for option, (least, most) in ranges.items():
        [words] = re.findall(rf"{option} <[^>]*> (.*?)(?= --|$)", told)
        require(f"{least} to {most}" in words, f"{option}: {words}")
        for value in [least - 1, most + 1]:
            ended = subprocess.run([setting.worker, "--model", "x.gguf", "--socket", "x.sock", f"{option}={value}"],
                                   stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
            require(ended.returncode == 64, f"{option}={value} exited {ended.returncode}")
            words = " ".join(ended.stderr.split())
            require(f"{option} must be {least} to {most}, and is {value}." in words, f"{option}={value}: {words}")


with Gateway(setting, "worker") as gateway:
    gateway.register_model()
    # There are callers at once below and fewer slots: they may wait for each other longer than half a second.
    gateway.apply(native_documents("chat", max_queue_wait_ms=30000))
    key = gateway.key("chat")

    @check(f"{len(PROMPTS)} greedy answers are token by token those of the engine used directly, alone and in a full batch")
    def _():
        require(setting.worker, "no worker program was given (--worker)")
        once = [part for prompt in PROMPTS for part in ["--once", prompt]]
        direct = [json.loads(line) for line in run(
            setting.worker, "--model", setting.model, "--context", 128, "--max-tokens", 40, "--tokens", *once).splitlines()]
        gateway.apply(upstream_documents("full", {"local": (100, {
            "model": "azureml:smollm2:1", "instance_type": "auto", "max_queue_wait_ms": 60000,
            "native": {"engine": "llama", "slots": len(PROMPTS), "context": 128}})}))
        full = gateway.key("full")

        def ask(prompt):
            response = gateway.request("POST", "/v1/chat/completions", {
                "model": "full", "messages": [{"role": "user", "content": prompt}], "temperature": 0, "max_tokens": 40,
                "logprobs": True}, {"api-key": full})
            require(response.status == 200, f"status {response.status}: {response.content[:200]}")
            told = json.loads(response.content)
            [choice], used = told["choices"], told["usage"]["completion_tokens"]
            tokens = [one["bytes"] for one in choice["logprobs"]["content"]]
            # The one that ends an answer is counted and has no text.
            require(used == len(tokens) + (choice["finish_reason"] == "stop"), f"{used} used, {len(tokens)} told")
            return tokens

        alone = [ask(prompt) for prompt in PROMPTS]
        [worker] = [worker for worker in (Worker(0, path) for path in pathlib.Path(gateway.directory, "run").rglob("*.sock"))
                    if worker.stats()["slots"] == len(PROMPTS)]
        before, together, most = worker.stats(), {}, 0
        threads = [threading.Thread(target=lambda index=index: together.update({index: ask(PROMPTS[index])}))
                   for index in range(len(PROMPTS))]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            most = max(most, worker.stats()["active"])
            time.sleep(0.02)
        after = worker.stats()
        for index, expected in enumerate(direct):
            require(len(expected) > 1, f"{PROMPTS[index]}: {expected}")
            require(alone[index] == expected, f"{PROMPTS[index]}, alone: {alone[index]}, not {expected}")
            require(together.get(index) == expected, f"{PROMPTS[index]}, together: {together.get(index)}, not {expected}")
        tokens, steps = (after[name] - before[name] for name in ["completion_tokens", "steps"])
        require(most == len(PROMPTS), f"{most} at once")
        require(tokens > steps * 2, f"{tokens} tokens in {steps} steps")
        return f"{tokens} tokens in {steps} steps"

    gateway.command("endpoints", "delete", "demo/full")
    wait_for(lambda: len(gateway.worker_pids()) == 1, 30, "the worker of twenty slots is gone")

    @check("two streams' tokens interleave")
    def _():
        order = []
        def read(name, prompt):
            response = chat(gateway, key, prompt, 48, stream=True)
            for _ in pieces(response):
                order.append(name)
            response.connection.close()
        threads = [threading.Thread(target=read, args=pair) for pair in [
            ("a", "Tell me a story about a dog."), ("b", "Tell me a story about a cat.")]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        require({"a", "b"} == set(order), f"only {set(order)} had tokens")
        switches = sum(first != second for first, second in zip(order, order[1:]))
        require(switches >= 20, f"{switches} switches in {len(order)} tokens")
        return f"{switches} switches in {len(order)} tokens"

    @check("kill -9 of the worker in mid-answer cuts the stream; the next request is answered after the restart")
    def _():
        workers = gateway.worker_pids()
        require(len(workers) == 1, f"worker processes: {workers}")
        response = chat(gateway, key, "Tell me a very long story about the sea.", 1000, stream=True)
        response.is_done = False
        text = pieces(response)
        for _ in range(5):
            next(text)
        os.kill(workers[0], signal.SIGKILL)
        try:
            for _ in text:
                pass
        except (http.client.IncompleteRead, ConnectionError):
            pass
        else:
            require(False, "the stream ended as if it were whole" + (" with [DONE]" if response.is_done else ""))
        require(not response.is_done, "[DONE] after the worker died")
        started = time.monotonic()
        wait_for(lambda: answer(gateway, key, PROMPTS[0], 4), 30, "an answer after the restart")
        require(gateway.worker_pids() != workers, "the dead worker is still listed")
        return f"answered {time.monotonic() - started:.1f} s later"

    @check("a change of a deployment's settings loses no request")
    def _():
        # What is asked of the first settings may wait as long as of those that follow.
        gateway.apply(native_documents("chat", max_queue_wait_ms=30000))
        answers, stop = [], threading.Event()
        def load():
            while not stop.is_set():
                response = chat(gateway, key, PROMPTS[1], 2, stream=False)
                body = response.read()
                response.connection.close()
                answers.append("" if response.status == 200 else f"{response.status}: {body[:200]}")
        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            for slots in [2, 3, 4]:
                before = gateway.worker_pids()
                gateway.apply(native_documents("chat", slots=slots, max_queue_wait_ms=30000))
                wait_for(lambda: set(gateway.worker_pids()).isdisjoint(before) and gateway.worker_pids(), 60,
                         "the worker with the new settings is alone")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        require(not any(answers), f"of {len(answers)} answers: {[answer for answer in answers if answer]}")
        return f"{len(answers)} answers"

    @check("a document as az takes it, with its model's file, is served and gets traffic once it is ready")
    def _():
        file = os.path.relpath(setting.model, gateway.directory)
        gateway.apply(f"""
name: plain
auth_mode: key
---
name: only
endpoint_name: plain
model: {{path: {json.dumps(file)}, type: custom_model}}
environment: {{image: "registry.example.org/server:1"}}
instance_type: Standard_DS3_v2
instance_count: 1
request_settings: {{request_timeout_ms: 60000}}
""")
        told = gateway.command("endpoints", "traffic", "demo/plain", "only=100", timeout=180)
        answered = gateway.request("POST", "/demo/plain/score", {
            "messages": [{"role": "user", "content": PROMPTS[0]}], "max_tokens": 4}, {"api-key": gateway.key("plain")})
        require(answered.status == 200, f"status {answered.status}: {answered.content[:200]}")
        model = answered.headers["x-gatehouse-model"] or ""
        require(model.startswith("sha256-") and "100" in told, f"answered by {model}, told {told}")

    @check("the worker stops with the gateway")
    def _():
        workers = gateway.worker_pids()
        gateway.stop()
        wait_for(lambda: not [pid for pid in workers if os.path.exists(f"/proc/{pid}")], 10, f"{workers} are gone")
check.finish()
