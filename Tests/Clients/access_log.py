"""The access log: one JSON object per line on standard output, whatever a request holds, and a line for each request.

Messages, on standard error, are JSON lines too.
"""
import json
import signal
import ssl
import socket

from harness import Checks, Gateway, Setting, new_id, require, to, upstream_documents, wait_for

check = Checks("access_log")
setting = Setting()
LONG = "n" * 8000
# Of a model's name, in a log and in a receipt.
LONGEST_MODEL = 256
MODELS = {
    "line separators, controls and a change of direction in a model": "a\u2028b\u0085c\u009bd\u202ee",
    "a model of 100,000 characters": "m" * 100_000,
    "a model of one letter with 100,000 accents": "e" + "\u0301" * 100_000,
}
# What a line could be broken or forged with. Targets that HTTP forbids are refused, and have their line all the same.
TARGETS = {
    "quotes": b"/demo/plain/score/\"a\"?q=\"b\\\"",
    "a forged member": b"/demo/plain/score\",\"status\":200,\"x\":\"",
    "backslashes": b"/demo/plain/score/\\n\\u0000\\",
    "control bytes": b"/demo/plain/score/\x01\x07\x1b[31m",
    "a NUL": b"/demo/plain/score/\x00",
    "a bare carriage return": b"/demo/plain/score/a\rb",
    "a line feed": b"/demo/plain/score/a\n{\"status\": 200}",
    "control bytes in a tenant": b"/de\x00\x1b[31mmo/plain/score",
    "escaped control bytes in a tenant": b"/de%0a%0d%00%1bmo/plain/score",
    "a tab": b"/demo/plain/score/\t",
    "a delete": b"/demo/plain/score/\x7f",
    "escaped control bytes": b"/demo/plain/score/%00%0a%0d%22%1b",
    "text that is no UTF-8": b"/demo/plain/score/\xff\xfe\xc3(",
    "UTF-8 and line separators": "/demo/plain/score/ä🙂\u2028\u0085".encode(),
    "a very long path": b"/demo/plain/score/" + LONG.encode(),
    "a very long query": b"/demo/plain/score?" + LONG.encode(),
}
FIELDS = {
    "quotes in a header": b"user-agent: \"}\\\"{\"a\": 1}",
    "control bytes in a header": b"user-agent: a\x01\x1b[31m\x0bb",
    "a NUL in a header": b"user-agent: a\x00b",
    "a bare carriage return in a header": b"user-agent: a\rb",
    "a line feed in a header": b"user-agent: a\n{\"status\": 200}",
    "bytes above 127 in a header": b"x-other: \xff\xfe\xc3\xa4\xe2\x80\xa8",
    "a very long header name": b"x-" + LONG.encode() + b": 1",
    "a very long header value": b"x-other: \"" + LONG.encode() + b"\"",
    "quotes in a deployment": b"azureml-model-deployment: a\"b\\c",
    "quotes in a request id": b"x-request-id: \"a\\b\"",
    "control bytes in a request id": b"x-request-id: a\x01b",
    "a very long request id": b"x-request-id: " + LONG.encode(),
    "quotes in a key": b"authorization: Bearer s3cr3t\"b\\c",
}


def lines_of(text):
    """The log's objects; a line that is none is a failure that shows it."""
    objects = []
    require(text.endswith("\n") or not text, f"the last line is not whole: {text[-200:]!r}")
    for line in text.split("\n")[:-1]:
        try:
            value = json.loads(line, parse_constant=lambda word: require(False, f"{word} is not JSON: {line[:300]}"),
                               object_pairs_hook=without_repeats)
        except ValueError as problem:
            require(False, f"{problem}: {line[:300]!r}")
        require(isinstance(value, dict), f"not an object: {line[:300]!r}")
        require(line.isprintable(), f"raw control or invisible characters: {line[:300]!r}")
        require(value["request_id"] and value["status"] and value["time"], f"no id, status or time: {line[:300]}")
        objects.append(value)
    return objects


def without_repeats(pairs):
    members = dict(pairs)
    require(len(members) == len(pairs), f"a member twice: {pairs}")
    return members


with Gateway(setting, "access_log", output="access.jsonl") as gateway:
    gateway.apply(upstream_documents("plain", to(gateway.backend("echo"))))
    key = gateway.key("plain")
    sent = []

    def output():
        return (gateway.directory / "access.jsonl").read_bytes().decode()

    def raw(target, field=b""):
        """The status and the id that one request of exactly these bytes is answered with."""
        context = ssl.create_default_context(cafile=str(gateway.authority))
        fields = [b"host: localhost", b"api-key: " + key.encode(), field or b"x-other: 1", b"content-length: 2",
                  b"connection: close"]
        own = None if field.startswith(b"x-request-id") else new_id()
        if own:
            fields.append(b"x-request-id: " + own.encode())
        with socket.create_connection(("127.0.0.1", gateway.port), 20) as plain, \
                context.wrap_socket(plain, server_hostname="localhost") as stream:
            stream.sendall(b"POST " + target + b" HTTP/1.1\r\n" + b"\r\n".join(fields) + b"\r\n\r\n{}")
            answer = b""
            while part := stream.recv(65536):
                answer += part
        head = answer.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        require(head[0].startswith("HTTP/1.1 "), f"no answer: {answer[:200]!r}")
        answered = [line.partition(":")[2].strip() for line in head if line.lower().startswith("x-request-id:")]
        require(len(answered) == 1, f"ids in the answer: {answered}")
        status = int(head[0].split()[1])
        # What could not be read as a request has no id of its own.
        require(not own or status == 400 or answered == [own], f"asked as {own}, answered as {answered}")
        return status, answered[0]

    def line_of(identifier):
        found = [line for line in lines_of(output()) if line["request_id"] == identifier]
        require(len(found) <= 1, f"{len(found)} lines of {identifier}")
        return found and found[0]

    def logged(identifier):
        return wait_for(lambda: line_of(identifier), 5, f"a line of {identifier}")

    @check("a request has one line, with what became of it")
    def _():
        identifier = new_id()
        answer = gateway.request("POST", "/demo/plain/score/deep?q=1", {}, {"api-key": key, "x-request-id": identifier})
        require(answer.status == 200, f"status {answer.status}")
        line = logged(identifier)
        expected = {"method": "POST", "path": "/demo/plain/score/deep", "status": 200, "tenant": "demo",
                    "endpoint": "plain", "deployment": "only", "caller": "demo/plain#primary"}
        got = {name: line.get(name) for name in expected}
        require(got == expected, f"{got}")
        require("q=1" not in json.dumps(line), f"the query is in the log: {line}")

    for name, (target, field) in ({name: (target, b"") for name, target in TARGETS.items()}
                                  | {name: (b"/demo/plain/score", field) for name, field in FIELDS.items()}).items():
        @check(f"{name}: the line is one JSON object with the answer's id and status")
        def _():
            status, identifier = raw(target, field)
            line = logged(identifier)
            require(line["status"] == status, f"answered {status}, logged {line}")
            path = target.partition(b"?")[0].decode("latin-1")
            require(status == 400 or path.startswith(line["path"]) and len(line["path"]) >= min(len(path), 1000),
                    f"asked for {path[:100]!r}, logged {line.get('path')!r:.120}")
            sent.append(identifier)
            return f"{status}"

    for name, model in MODELS.items():
        @check(f"{name}: one line and one receipt, with as much of it as may be")
        def _():
            identifier = new_id()
            answer = gateway.request("POST", "/demo/plain/v1/chat/completions", {"model": model, "messages": []},
                                     {"api-key": key, "x-request-id": identifier})
            require(answer.status == 200, f"status {answer.status}: {answer.content[:200]}")
            # Which may be read only if each line is printable.
            line, receipt = logged(identifier), gateway.receipt(identifier)
            for told in [line["model"], receipt["model"]]:
                require(0 < len(told) <= LONGEST_MODEL, f"{len(told)} characters: {told[:100]!r}")
                require(told.replace("\ufffd", "") in model, f"it is another one: {told[:100]!r}")
            sent.append(identifier)
            return f"{len(line['model'])} characters"

    @check("of all these requests every one has a line, and no key is in the log")
    def _():
        text = output()
        identifiers = [line["request_id"] for line in lines_of(text)]
        missing = [identifier for identifier in sent if identifiers.count(identifier) != 1]
        require(not missing, f"not exactly one line: {missing[:3]}")
        require(key not in text and "s3cr3t" not in text, "a key is in the log")
        return f"{len(identifiers)} lines"

    @check("each line on standard error is one JSON object too, with its time, level and message first")
    def _():
        # A message with words of its own: of a pair of files that does not fit.
        certificate = gateway.directory / "certs" / "server.pem"
        certificate.write_text("\"\n\x1b[2J}\n")
        gateway.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "certificate refused" in gateway.log(), 5, "the log tells of the bad file")
        gateway.stop()
        lines = gateway.log().split("\n")
        require(lines.pop() == "" and len(lines) > 2, f"{lines}")
        for line in lines:
            require(line.isprintable(), f"raw control or invisible characters: {line!r}")
            require(list(json.loads(line, object_pairs_hook=without_repeats))[:3] == ["time", "level", "message"], line)
        require(key not in "".join(lines), "a key is in the log")
        return f"{len(lines)} lines"
check.finish()
