"""Debian's Chromium, driven over its debugging pipe (file descriptors 3 and 4: no port, no driver)."""
import json
import os
import select
import shutil
import subprocess
import time

from harness import Failure, require, run


class Chromium:
    """One headless browser with its own profile that trusts `authority`; `names` maps NAME:PORT to ADDRESS:PORT."""

    def __init__(self, directory, authority, names):
        self.home = directory / "browser"
        self.trust(authority)
        rules = ", ".join(f"MAP {name} {address}" for name, address in names.items())
        down, self.down = os.pipe()
        self.up, up = os.pipe()
        self.log = open(directory / "chromium.log", "wb")
        arguments = [
            self.program(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
            "--remote-debugging-pipe", f"--user-data-dir={self.home}/profile",
            f"--host-resolver-rules={rules}, MAP * ~NOTFOUND", "about:blank"]
        self.process = subprocess.Popen(
            ["sh", "-c", f'exec "$@" 3<&{down} 4>&{up}', "sh", *arguments], pass_fds=[down, up],
            env=dict(os.environ, HOME=str(self.home)), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        os.close(down)
        os.close(up)
        self.number, self.rest, self.events = 0, b"", []

    @staticmethod
    def program():
        program = shutil.which("chromium")
        require(program, "there is no chromium: apt-get install chromium")
        return program

    def trust(self, authority):
        """Chromium takes a person's own authorities from this database; nothing is ignored."""
        database = self.home / ".pki/nssdb"
        database.mkdir(parents=True)
        run("certutil", "-d", f"sql:{database}", "-N", "--empty-password")
        run("certutil", "-d", f"sql:{database}", "-A", "-t", "C,,", "-n", "gatehouse", "-i", authority)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.down)
        os.close(self.up)
        self.log.close()

    def send(self, method, session=None, **parameters):
        """A command's result; events that come first are kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.down, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive(30)
            if answer.get("id") == self.number:
                require("error" not in answer, f"{method}: {answer.get('error')}")
                return answer["result"]
            self.events.append(answer)

    def receive(self, seconds):
        deadline = time.monotonic() + seconds
        while b"\0" not in self.rest:
            if not select.select([self.up], [], [], max(0, deadline - time.monotonic()))[0]:
                raise Failure("the browser does not answer")
            data = os.read(self.up, 65536)
            require(data, "the browser has ended")
            self.rest += data
        message, _, self.rest = self.rest.partition(b"\0")
        return json.loads(message)

    def wait(self, event, session):
        while True:
            for index, known in enumerate(self.events):
                if known.get("method") == event and known.get("sessionId") == session:
                    return self.events.pop(index)["params"]
            self.events.append(self.receive(30))

    def open(self, url):
        """A new page, when it has loaded."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        page = Page(self, self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        for domain in ["Page", "Network", "Runtime"]:
            self.send(f"{domain}.enable", page.session)
        result = self.send("Page.navigate", page.session, url=url)
        require("errorText" not in result, f"{url}: {result.get('errorText')}")
        self.wait("Page.loadEventFired", page.session)
        return page


class Page:
    def __init__(self, browser, session):
        self.browser, self.session = browser, session

    def evaluate(self, script):
        """The JSON value of an expression, awaited when it is a promise."""
        result = self.browser.send("Runtime.evaluate", self.session, expression=script, awaitPromise=True,
                                   returnByValue=True)
        require("exceptionDetails" not in result, f"the page's script failed: {result.get('exceptionDetails')}")
        return result["result"].get("value")

    def failures(self):
        """Why requests of the page failed."""
        return [event["params"] for event in self.browser.events
                if event.get("method") == "Network.loadingFailed" and event.get("sessionId") == self.session]

    def responses(self):
        """Status, URL and headers of what the page has loaded so far."""
        return [event["params"]["response"] for event in self.browser.events
                if event.get("method") == "Network.responseReceived" and event.get("sessionId") == self.session]
