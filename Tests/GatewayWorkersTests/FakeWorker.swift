import Curl
import Foundation
import Logging
import NIOCore
import Synchronization

@testable import GatewayWorkers

/// A folder with a program that behaves like a worker, and what a supervisor of it reported.
final class FakeWorker: Sendable {
    let folder: String
    let curl = CurlClient(logger: Logger(label: "test"))
    let supervisor: WorkerSupervisor
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    private let changes: AsyncStream<(String, Bool)>
    let told: AnnouncedPool

    init(
        grace: Duration = .seconds(10),
        backends: String? = nil,
        admission: MemoryAdmission = .unbounded,
        devices: DeviceWatch? = nil,
        threads: ThreadShare? = nil
    ) throws {
        folder = "/tmp/fake-worker-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let program = folder + "/worker"
        try Data(script.utf8).write(to: URL(fileURLWithPath: program))
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: program)
        let (changes, continuation) = AsyncStream.makeStream(of: (String, Bool).self)
        self.changes = changes
        let told = AnnouncedPool()
        self.told = told
        supervisor = WorkerSupervisor(
            executable: program,
            runtimeDirectory: folder + "/run",
            backends: backends,
            grace: grace,
            curl: curl,
            admission: admission,
            devices: devices,
            threads: threads,
            logger: logger,
            reports: WorkerSupervisor.Reports(
                instance: { continuation.yield(($0, $1)) },
                retired: { socket in told.retired.withLock { $0.append(socket) } },
                pool: { _, state in told.state.withLock { $0 = state } },
                isIdle: { _ in told.isIdle.withLock { $0 } }
            )
        )
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    func specification(_ arguments: String..., id: String = "demo/chat/local") -> WorkerSpecification {
        var specification = WorkerSpecification(id: id, modelPath: "m.gguf", modelName: "m")
        specification.arguments = arguments
        return specification
    }

    /// One that may sleep.
    func sleeper(_ argument: String, id: String) -> WorkerSpecification {
        var specification = specification(argument, id: id)
        specification.scale(0...1, target: 4, idle: .seconds(300))
        return specification
    }

    /// The next so many changes, as they were told.
    func nextChanges(_ count: Int) async -> [Bool] {
        var seen: [Bool] = []
        for await (_, isReady) in changes {
            seen.append(isReady)
            if seen.count == count { break }
        }
        return seen
    }

    /// The process of the specification's only instance.
    func process(_ specification: WorkerSpecification) async throws -> Int32? {
        try await Int32(ask("/", specification).prefix { $0 != " " })
    }

    func ask(_ path: String, _ specification: WorkerSpecification) async throws -> String {
        let socket = try WorkerSocket.paths(of: specification, in: folder + "/run")[0]
        return String(buffer: try await curl.get(url: "http://localhost\(path)", unixSocketPath: socket).body)
    }
}

/// What requests were told to expect, and whether instances have any.
final class AnnouncedPool: Sendable {
    let state = Mutex<WorkerPoolState?>(nil)
    let isIdle = Mutex(true)
    /// The sockets where no worker is kept any more.
    let retired = Mutex<[String]>([])
}

private let script = #"""
    #!/usr/bin/env python3
    import os, signal, socket, sys, threading

    path = sys.argv[sys.argv.index("--socket") + 1]
    if "--broken" in sys.argv:
        print("the model file is damaged", file=sys.stderr)
        sys.exit(3)
    if "--stubborn" in sys.argv:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda *_: (print("bye", flush=True), os._exit(0)))
    if "--silent" in sys.argv:
        signal.pause()
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(5)), daemon=True).start()
    if os.path.exists(path):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    print("model loaded", flush=True)
    while True:
        connection, _ = listener.accept()
        request = connection.recv(65536).decode()
        if request.startswith("GET /die "):
            os._exit(9)
        body = f"{os.getpid()} {' '.join(sorted(os.environ))}"
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
        connection.close()
    """#
