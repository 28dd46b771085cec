"""A worker that is asked on its own socket, as whichever tenant and caller."""
import json
import os
import pathlib

from harness import UnixConnection


def chat(prompt, tokens, **more):
    """A greedy chat's body."""
    return {"model": "chat", "messages": [{"role": "user", "content": prompt}], "temperature": 0, "max_tokens": tokens,
            **more}


def cached(answer):
    return answer["usage"]["prompt_tokens_details"]["cached_tokens"]


class Worker:
    """The process of a gateway's only worker, or of one that was started by itself."""

    def __init__(self, pid, path):
        self.pid, self.path = pid, str(path)

    @staticmethod
    def of(gateway):
        [pid] = gateway.worker_pids()
        [path] = pathlib.Path(gateway.directory, "run").rglob("*.sock")
        return Worker(pid, path)

    def open(self, prompt, tokens, tenant, **headers):
        connection = UnixConnection(self.path)
        connection.request("POST", "/v1/chat/completions", json.dumps(chat(prompt, tokens)),
                           {"x-gatehouse-tenant": tenant, **headers})
        return connection

    def ask(self, prompt, tokens, tenant, **headers):
        connection = self.open(prompt, tokens, tenant, **headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        connection.close()
        return response.status, answer

    def stats(self):
        connection = UnixConnection(self.path)
        connection.request("GET", "/stats", headers={"connection": "close"})
        stats = json.loads(connection.getresponse().read())
        connection.close()
        return stats

    def is_quiet(self):
        stats = self.stats()
        return stats["active"] == stats["waiting"] == 0 and stats


def held(pid):
    """A process's open descriptors, and MiB of memory."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return len(os.listdir(f"/proc/{pid}/fd")), int(status.partition("VmRSS:")[2].split()[0]) // 1024
