"""Clients that send so many requests a second, and what became of each."""
import http.client
import threading
import time

from harness import new_id

CONNECTIONS = 8
RATE = 300


class Answer:
    """One request as its client saw it; `deployment` is `None` when it was lost."""

    def __init__(self, request_id, pinned, began):
        self.id, self.pinned, self.began = request_id, pinned, began
        self.status = self.deployment = self.content = None
        self.ended = None


class Load:
    """Paced clients with a connection each, until stopped; every tenth request pins `green` where `pins` says so."""

    def __init__(self, gateway, endpoint, key, rate=RATE, total=None, pins=False, headers=None):
        self.gateway, self.endpoint, self.key, self.pins = gateway, endpoint, key, pins
        self.headers = headers or {}
        self.pause, self.left, self.answers = CONNECTIONS / rate, total, []
        self.lock, self.over = threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self.work, args=[number]) for number in range(CONNECTIONS)]
        for thread in self.threads:
            thread.start()

    def take(self):
        if self.left is None:
            return not self.over.is_set()
        with self.lock:
            self.left -= 1
            return self.left >= 0

    def work(self, number):
        connection = self.gateway.connection()
        due = time.monotonic() + self.pause * number / CONNECTIONS
        count = 0
        while self.take():
            time.sleep(max(0, due - time.monotonic()))
            due += self.pause
            count += 1
            answer = Answer(new_id(), "green" if self.pins and count % 10 == 0 else None, time.monotonic())
            headers = {"api-key": self.key, "content-type": "application/json", "x-request-id": answer.id,
                       **self.headers}
            if answer.pinned:
                headers["azureml-model-deployment"] = answer.pinned
            try:
                connection.request("POST", f"/demo/{self.endpoint}/score", '{"inputs":"x"}', headers)
                response = connection.getresponse()
                answer.content = response.read()
                answer.status, answer.deployment = response.status, response.getheader("azureml-model-deployment")
            except (OSError, http.client.HTTPException):
                connection.close()
            answer.ended = time.monotonic()
            with self.lock:
                self.answers.append(answer)
        connection.close()

    def stop(self):
        self.over.set()
        return self.join()

    def join(self):
        for thread in self.threads:
            thread.join()
        return self.answers
