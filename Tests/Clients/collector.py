"""A collector of traces: takes OTLP over HTTP, read by OpenTelemetry's own classes."""
import contextlib
import http.server
import socket
import threading
import time

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Message

from harness import require, wait_for


class Span:
    def __init__(self, message, resource):
        self.message, self.resource = message, resource
        self.name, self.kind = message.name, Message.SpanKind.Name(message.kind).removeprefix("SPAN_KIND_")
        self.trace, self.id, self.parent = (part.hex() for part in [message.trace_id, message.span_id, message.parent_span_id])
        self.start, self.end = message.start_time_unix_nano / 1e9, message.end_time_unix_nano / 1e9
        self.attributes = {pair.key: value(pair.value) for pair in message.attributes}
        self.is_error = message.status.code == message.status.STATUS_CODE_ERROR

    def __repr__(self):
        return f"{self.kind} {self.name!r} {self.attributes}"


def value(any_value):
    if any_value.HasField("array_value"):
        return [value(one) for one in any_value.array_value.values]
    return getattr(any_value, any_value.WhichOneof("value"))


class Collector:
    """Keeps what was posted; answers with what `answers` still holds, `(status, headers)` or seconds to hang, then with 200.

    `rejection`: why the next batch that it takes is not taken whole.
    """

    def __init__(self, port=0):
        self.spans, self.bodies, self.requests, self.answers = [], [], [], []
        self.problems, self.connections, self.rejection = [], [], None
        self.lock = threading.Lock()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), self.handler())
        self.server.daemon_threads = True
        # Of clients that did not wait for a late answer.
        self.server.handle_error = lambda *_: None
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def handler(collector):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                collector.connections.append(self.connection)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                with collector.lock:
                    headers = {name.lower(): text for name, text in self.headers.items()}
                    collector.requests.append((time.monotonic(), self.path, headers))
                    answer = collector.answers.pop(0) if collector.answers else (200, {})
                if isinstance(answer, (int, float)):
                    time.sleep(answer)
                    answer = (503, {})
                status, headers = answer
                if status == 200:
                    status = collector.take(body)
                content = collector.said().SerializeToString()
                self.send_response(status)
                for name, text in {"content-type": "application/x-protobuf", "content-length": len(content), **headers}.items():
                    self.send_header(name, text)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass
        return Handler

    def said(self):
        answer, self.rejection, reason = ExportTraceServiceResponse(), None, self.rejection
        if reason:
            answer.partial_success.rejected_spans, answer.partial_success.error_message = 1, reason
        return answer

    def take(self, body):
        try:
            self.read(body)
        except Exception as problem:  # whatever is wrong with it, a check says so
            self.problems.append(problem)
            return 400
        return 200

    def read(self, body):
        request = ExportTraceServiceRequest.FromString(body)
        # A field that these classes do not know would be one that was written wrongly.
        require(not unknown(request), "unknown fields")
        with self.lock:
            self.bodies.append(body)
            for group in request.resource_spans:
                resource = {pair.key: value(pair.value) for pair in group.resource.attributes}
                for scope in group.scope_spans:
                    self.spans += [Span(message, resource) for message in scope.spans]

    def of(self, request_id, count=None):
        """The spans of one exchange, as soon as it is there with so many, the exchange's own first, then by their start."""
        def found():
            require(not self.problems, f"{self.problems}")
            with self.lock:
                spans = list(self.spans)
            own = [span for span in spans if span.attributes.get("gatehouse.request_id") == request_id]
            trace = [span for span in spans if own and span.trace == own[0].trace and span is not own[0]]
            if own and (count is None or len(trace) + 1 >= count):
                return own[:1] + sorted(trace, key=lambda span: (span.start, span.kind))
        return wait_for(found, 15, f"the spans of {request_id}")

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def unknown(message):
    """Whether a message, or one in it, has bytes that are no field of it."""
    copy = type(message).FromString(message.SerializeToString())
    size = copy.ByteSize()
    copy.DiscardUnknownFields()
    return copy.ByteSize() != size
