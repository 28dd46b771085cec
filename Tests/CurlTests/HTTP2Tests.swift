import Curl
import Foundation
import NIOCore
import NIOPosix
import Testing

/// Transfers against a real HTTP/2 server.
@Suite(.timeLimit(.minutes(3)), .enabled(if: HTTP2Server.isInstalled)) struct HTTP2Tests {
    private let client = CurlClient.test

    private func request(_ server: HTTP2Server, _ path: String, method: String = "GET") -> CurlRequest {
        CurlRequest(
            method: method,
            url: "https://localhost:\(server.port)\(path)",
            headers: [("Host", "localhost")],
            authority: .file(server.certificates.authority)
        )
    }

    @Test func `the protocol is agreed in the handshake`() async throws {
        let server = try await HTTP2Server()
        let outcome = try await client.exchange(request(server, "/small"))
        #expect(outcome.head?.version == "2")
        #expect(outcome.text == "small")
    }

    @Test func `a large body streams up and down past a slow consumer`() async throws {
        let server = try await HTTP2Server()
        let upload = (0..<128).map { ByteBuffer(repeating: UInt8($0), count: 64 * 1024) }
        var request = request(server, "/anything", method: "POST")
        request.hasBody = true
        let outcome = try await client.exchange(request, upload: upload, restsAfterEachChunk: true)
        #expect(outcome.failure == nil)
        #expect(outcome.body == upload.reduce(into: ByteBuffer()) { $0.writeImmutableBuffer($1) })
    }

    @Test func `a paused transfer does not hold up others to the same server`() async throws {
        let server = try await HTTP2Server()
        let (paused, continuation) = AsyncStream.makeStream(of: CurlTransfer.self)
        let large = Task {
            try await client.exchange(request(server, "/large")) { transfer in
                transfer.pause()
                continuation.yield(transfer)
            }
        }
        var iterator = paused.makeAsyncIterator()
        let transfer = try #require(await iterator.next())
        for _ in 0..<20 {
            var small = request(server, "/small")
            small.timeout = .seconds(30)
            let outcome = try await client.exchange(small)
            #expect(outcome.failure == nil)
            #expect(outcome.text == "small")
        }
        transfer.cancel()
        large.cancel()
    }
}

/// nghttpd with a small and a large file, echoing uploads.
struct HTTP2Server: Sendable {
    let process: TestProcess
    let port: Int
    let certificates: TestCertificates

    static var isInstalled: Bool {
        ["/usr/bin/nghttpd", "/usr/sbin/nghttpd"].contains(where: FileManager.default.isExecutableFile)
    }

    init() async throws {
        certificates = try TestCertificates.shared.get()
        let folder = certificates.folder
        try Data("small".utf8).write(to: URL(fileURLWithPath: folder + "/small"))
        // Sparse: large to read, nothing on the disk.
        try Data().write(to: URL(fileURLWithPath: folder + "/large"))
        try FileHandle(forWritingTo: URL(fileURLWithPath: folder + "/large")).truncate(atOffset: 64 << 20)
        let probe = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(
            host: "127.0.0.1",
            port: 0
        ).get()
        port = probe.localAddress?.port ?? 0
        try await probe.close()
        process = try TestProcess(
            "nghttpd",
            ["-a", "127.0.0.1", "--echo-upload", "-d", folder, "\(port)", certificates.key, certificates.certificate]
        )
        try await ready()
    }

    private func ready() async throws {
        for _ in 0..<200 {
            let url = "https://localhost:\(port)/small"
            if (try? await CurlClient.test.get(url: url, authority: .file(certificates.authority))) != nil { return }
            try await Task.sleep(for: .milliseconds(25))
        }
        throw CocoaError(.fileNoSuchFile)
    }
}
