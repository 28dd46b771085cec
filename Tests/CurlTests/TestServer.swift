import Foundation
import Synchronization

/// A program started for a test, with its lines of output and a kill at the end.
final class TestProcess: Sendable {
    private let process: Mutex<Process>
    /// Open as long as this program lives; a child may read its end as the sign to leave.
    private let input = Pipe()
    private let lines: AsyncStream<String>

    init(_ executable: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [executable] + arguments
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        lines = AsyncStream { continuation in
            let rest = Mutex("")
            output.fileHandleForReading.readabilityHandler = { handle in
                let bytes = handle.availableData
                if bytes.isEmpty {
                    handle.readabilityHandler = nil
                    return continuation.finish()
                }
                let whole = rest.withLock { rest in
                    var parts = (rest + String(decoding: bytes, as: UTF8.self)).components(separatedBy: "\n")
                    rest = parts.removeLast()
                    return parts
                }
                for line in whole { continuation.yield(line) }
            }
        }
        try process.run()
        self.process = Mutex(process)
    }

    deinit {
        // Not `terminate`: a child inherits the signals that its parent's thread blocks, SIGTERM among them.
        process.withLock { process in
            _ = kill(process.processIdentifier, SIGKILL)
        }
    }

    func line(with prefix: String) async -> String? {
        for await line in lines where line.hasPrefix(prefix) { return String(line.dropFirst(prefix.count)) }
        return nil
    }
}

/// Certificates made once for all tests: a CA, a certificate of it for `localhost` only, and a CA that signed nothing.
struct TestCertificates: Sendable {
    let folder: String
    var authority: String { folder + "/ca.pem" }
    var stranger: String { folder + "/other.pem" }
    var certificate: String { folder + "/server.pem" }
    var key: String { folder + "/server.key" }

    static let shared = Result { try TestCertificates() }

    private init() throws {
        folder = NSTemporaryDirectory() + "curl-tests-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        for name in ["ca", "other"] {
            try run(
                [
                    "req", "-x509", "-subj", "/CN=\(name)", "-keyout", "\(folder)/\(name).key", "-out",
                    "\(folder)/\(name).pem",
                ] + curve
            )
        }
        try run(
            [
                "req", "-x509", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                "-addext", "basicConstraints=critical,CA:FALSE",
                "-CA", authority, "-CAkey", folder + "/ca.key", "-keyout", key, "-out", certificate,
            ] + curve
        )
    }

    private func run(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.fileWriteUnknown) }
    }
}

/// An HTTPS server on HTTP/1.1 that misbehaves on demand, written with plain sockets so that nothing repairs its answers.
struct TestServer: Sendable {
    let process: TestProcess
    let port: Int
    let certificates: TestCertificates

    init() async throws {
        certificates = try TestCertificates.shared.get()
        process = try TestProcess("python3", ["-u", "-c", script, certificates.certificate, certificates.key])
        port = await Int(process.line(with: "port ") ?? "") ?? 0
    }

    func url(_ path: String, host: String = "localhost") -> String {
        "https://\(host):\(port)\(path)"
    }
}

private let script = #"""
    import gzip, os, socket, ssl, sys, threading, time

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    # Ends with the program that started it, however that ends.
    threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
    print("port", listener.getsockname()[1], flush=True)
    seen = {"once": 0, "sent": 0}

    def answer(file, body, *headers, status="200 OK"):
        head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
        file.write("\r\n".join(head).encode() + body)
        file.flush()

    def chunk(file, data):
        file.write(b"%x\r\n%s\r\n" % (len(data), data))
        file.flush()

    def body(file, headers):
        if headers.get("transfer-encoding") == "chunked":
            while size := int(file.readline(), 16):
                yield file.read(size)
                file.readline()
            file.readline()
            return
        left = int(headers.get("content-length", "0"))
        while left:
            data = file.read1(min(left, 65536))
            if not data: return
            left -= len(data)
            yield data

    def chunked_head(file):
        file.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        file.flush()

    def serve(connection):
        file = connection.makefile("rwb")
        number = 0
        while line := file.readline():
            number += 1
            method, path, _ = line.decode().split(" ")
            lines = []
            while (field := file.readline()) not in (b"\r\n", b""):
                lines.append(field.decode().rstrip("\r\n"))
            headers = {f.split(":", 1)[0].lower(): f.split(":", 1)[1].strip() for f in lines}
            if path == "/head":
                for _ in body(file, headers): pass
                answer(file, "\n".join([line.decode().strip(), *lines]).encode(), "X-One: 1", "x-one: 2", "X-Empty:")
            elif path == "/number":
                answer(file, str(number).encode())
            elif path == "/echo":
                chunked_head(file)
                for data in body(file, headers): chunk(file, data)
                file.write(b"0\r\n\r\n")
                file.flush()
            elif path == "/redirect":
                answer(file, b"", "Location: /head", status="302 Found")
            elif path == "/gzip":
                answer(file, gzip.compress(b"squeezed"), "Content-Encoding: gzip")
            elif path == "/interim":
                file.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
                answer(file, b"late")
            elif path == "/trailers":
                chunked_head(file)
                chunk(file, b"body")
                file.write(b"0\r\nX-Sum: 42\r\n\r\n")
                file.flush()
            elif path == "/cut":
                file.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nten bytes!")
                file.flush()
                break
            elif path == "/cut-chunked":
                chunked_head(file)
                chunk(file, b"first")
                break
            elif path == "/many-headers":
                answer(file, b"", *[f"X-{i}: {i}" for i in range(250)])
            elif path == "/folded":
                answer(file, b"", "X-Folded: a", " b")
            elif path == "/once":
                seen["once"] += 1
                if number > 1: break
                answer(file, b"once")
            elif path == "/seen":
                answer(file, f"{seen['once']} {seen['sent']}".encode())
            elif path == "/big":
                seen["sent"] = 0
                file.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (64 << 20))
                for _ in range(1024):
                    file.write(bytes(65536))
                    seen["sent"] += 65536
                file.flush()
            elif path == "/endless":
                chunked_head(file)
                chunk(file, b"first")
                try: connection.recv(1)
                except OSError: pass
                print("gone", time.monotonic(), flush=True)
                break
            else:
                answer(file, b"no such path", status="404 Not Found")
        file.close()
        connection.close()

    def accept(plain):
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            serve(context.wrap_socket(plain, server_side=True))
        except (OSError, ValueError):
            plain.close()

    while True:
        plain, _ = listener.accept()
        threading.Thread(target=accept, args=(plain,), daemon=True).start()
    """#
