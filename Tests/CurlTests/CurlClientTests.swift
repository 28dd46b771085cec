import Curl
import Foundation
import Logging
import NIOCore
import Synchronization
import Testing

/// Transfers against a real HTTPS server on HTTP/1.1.
@Suite(.timeLimit(.minutes(3))) struct CurlClientTests {
    private let client = CurlClient.test

    private func request(_ server: TestServer, _ path: String, method: String = "GET") -> CurlRequest {
        CurlRequest(method: method, url: server.url(path), authority: .file(server.certificates.authority))
    }

    @Test func `only the given header lines reach the server`() async throws {
        let server = try await TestServer()
        var request = request(server, "/head")
        request.headers = [("Host", "models.example"), ("X-Blank", ""), ("x-key", "a"), ("x-key", "b")]
        let outcome = try await client.exchange(request)
        #expect(outcome.text == "GET /head HTTP/1.1\nHost: models.example\nX-Blank:\nx-key: a\nx-key: b")
        #expect(outcome.head?.status == 200)
        #expect(outcome.head?.version == "1.1")
        #expect(outcome.head?.headers.dropFirst().map { "\($0.0)=\($0.1)" } == ["X-One=1", "x-one=2", "X-Empty="])
    }

    @Test func `a post without a body announces length 0`() async throws {
        let server = try await TestServer()
        let outcome = try await client.exchange(request(server, "/head", method: "POST"))
        #expect(outcome.text.contains("Content-Length: 0"))
        #expect(!outcome.text.lowercased().contains("expect"))
    }

    @Test func `a header that could end its line is refused before anything is sent`() async throws {
        let server = try await TestServer()
        var request = request(server, "/head")
        request.headers = [("x-key", "a\r\nX-Injected: 1")]
        let failure = try #require(try await client.exchange(request).failure)
        #expect(failure.phase == .send)
        #expect(!failure.hasSentRequest)
    }

    @Test(arguments: [true, false])
    func `a large body streams up and down past a slow consumer`(announcesLength: Bool) async throws {
        let server = try await TestServer()
        let upload = (0..<128).map { ByteBuffer(repeating: UInt8($0), count: 64 * 1024) }
        var request = request(server, "/echo", method: "POST")
        request.hasBody = true
        request.contentLength = announcesLength ? 128 * 64 * 1024 : nil
        let outcome = try await client.exchange(request, upload: upload, restsAfterEachChunk: true)
        #expect(outcome.failure == nil)
        #expect(outcome.body == upload.reduce(into: ByteBuffer()) { $0.writeImmutableBuffer($1) })
    }

    @Test func `a body shorter than announced is a failure`() async throws {
        let server = try await TestServer()
        var request = request(server, "/head", method: "POST")
        request.hasBody = true
        request.contentLength = 10
        let failure = try await client.exchange(request, upload: [ByteBuffer(string: "short")]).failure
        #expect(failure?.phase == .send)
    }

    @Test func `a server is not read while the consumer is paused`() async throws {
        let server = try await TestServer()
        let (transfers, continuation) = AsyncStream.makeStream(of: CurlTransfer.self)
        async let outcome = client.exchange(request(server, "/big")) { transfer in
            transfer.pause()
            continuation.yield(transfer)
        }
        var iterator = transfers.makeAsyncIterator()
        let transfer = try #require(await iterator.next())
        var sent = [-1, 0]
        while sent.last != sent.dropLast().last {
            try await Task.sleep(for: .milliseconds(50))
            let seen = try await client.fetch(request(server, "/seen"), limit: 100)
            sent.append(Int(String(buffer: seen.body).split(separator: " ").last ?? "") ?? 0)
        }
        #expect(try #require(sent.last) < 24 << 20, "what the kernel's socket buffers hold, not the whole 64 MiB")
        continuation.finish()
        transfer.resume()
        Task {
            // Ends with the transfer: each chunk pauses once more.
            for _ in 0..<10_000 {
                transfer.resume()
                try? await Task.sleep(for: .milliseconds(1))
            }
        }
        #expect(try await outcome.body.readableBytes == 64 << 20)
    }

    @Test func `a cancelled transfer leaves the server at once`() async throws {
        let server = try await TestServer()
        let (cancels, continuation) = AsyncStream.makeStream(of: Double.self)
        let exchange = Task {
            try await client.exchange(request(server, "/endless")) { transfer in
                continuation.yield(ProcessInfo.processInfo.systemUptime)
                transfer.cancel()
            }
        }
        var iterator = cancels.makeAsyncIterator()
        let cancelled = try #require(await iterator.next())
        let gone = try #require(await server.process.line(with: "gone ").flatMap(Double.init))
        // 50 ms is the promise; the rest is for a busy test machine.
        #expect(gone - cancelled < 1)
        exchange.cancel()
    }

    @Test func `a redirect is handed over and not followed`() async throws {
        let server = try await TestServer()
        let outcome = try await client.exchange(request(server, "/redirect"))
        #expect(outcome.head?.status == 302)
        #expect(outcome.head?.first("location") == "/head")
    }

    @Test func `compressed bytes pass untouched`() async throws {
        let server = try await TestServer()
        let outcome = try await client.exchange(request(server, "/gzip"))
        #expect(outcome.body.getBytes(at: 0, length: 2) == [0x1F, 0x8B])
    }

    @Test func `interim responses are skipped`() async throws {
        let server = try await TestServer()
        let outcome = try await client.exchange(request(server, "/interim"))
        #expect(outcome.head?.status == 200)
        #expect(outcome.head?.first("link") == nil)
        #expect(outcome.text == "late")
    }

    @Test func `trailers come with the end`() async throws {
        let server = try await TestServer()
        let outcome = try await client.exchange(request(server, "/trailers"))
        #expect(outcome.text == "body")
        #expect(outcome.trailers.map { "\($0.0)=\($0.1)" } == ["X-Sum=42"])
    }

    @Test(arguments: ["/cut", "/cut-chunked"])
    func `a cut body is a failure and not an end`(path: String) async throws {
        let server = try await TestServer()
        let outcome = try await client.exchange(request(server, path))
        #expect(outcome.head?.status == 200)
        #expect(outcome.failure?.phase == .receive)
        #expect(outcome.failure?.hasSentRequest == true)
    }

    @Test(arguments: ["/many-headers", "/folded"])
    func `a head over the limits or malformed is a failure`(path: String) async throws {
        let server = try await TestServer()
        let outcome = try await client.exchange(request(server, path))
        #expect(outcome.head == nil)
        #expect(outcome.failure?.phase == .receive)
    }

    @Test func `connections are kept for the next request`() async throws {
        let server = try await TestServer()
        let request = request(server, "/number")
        let first = try await client.exchange(request)
        let second = try await client.exchange(request)
        #expect([first.text, second.text] == ["1", "2"])
    }

    @Test func `a post on a kept connection that closes is reported and never sent twice`() async throws {
        let server = try await TestServer()
        let request = request(server, "/once", method: "POST")
        _ = try await client.exchange(request)
        let failure = try #require(try await client.exchange(request).failure)
        #expect(failure.isConnectionReused)
        #expect(failure.hasSentRequest)
        let seen = try await client.fetch(self.request(server, "/seen"), limit: 100)
        #expect(String(buffer: seen.body).hasPrefix("2 "))
    }

    @Test func `a server of another authority is refused`() async throws {
        let server = try await TestServer()
        var request = request(server, "/head")
        for authority in [CurlRequest.CertificateAuthority.file(server.certificates.stranger), .system] {
            request.authority = authority
            let failure = try #require(try await client.exchange(request).failure)
            #expect(failure.phase == .tls && failure.isUntrusted)
            #expect(!failure.hasSentRequest)
        }
    }

    @Test func `a certificate for another name is refused`() async throws {
        let server = try await TestServer()
        var request = request(server, "/head")
        request.url = server.url("/head", host: "127.0.0.1")
        #expect(try await client.exchange(request).failure?.phase == .tls)
    }

    @Test func `an authority given as bytes is trusted`() async throws {
        let server = try await TestServer()
        var request = request(server, "/number")
        let bytes = try Data(contentsOf: URL(fileURLWithPath: server.certificates.authority))
        request.authority = .bytes(Array(bytes))
        #expect(try await client.exchange(request).text == "1")
    }

    @Test func `an address that is not allowed is never dialled`() async throws {
        let server = try await TestServer()
        let asked = Mutex<[String]>([])
        let client = CurlClient(logger: Logger(label: "test")) { address in
            asked.withLock { $0.append(address) }
            return false
        }
        let failure = try #require(try await client.exchange(request(server, "/head")).failure)
        #expect(failure.phase == .connect)
        #expect(failure.reason.contains("is not allowed"))
        #expect(asked.withLock { $0 }.contains("127.0.0.1"))
        await client.shutdown()
    }

    @Test func `a request's own address rule holds on a kept connection too`() async throws {
        let server = try await TestServer()
        #expect(try await client.exchange(request(server, "/number")).text == "1")
        var strict = request(server, "/number")
        let asked = Mutex<[String]>([])
        strict.isAddressAllowed = { address in
            asked.withLock { $0.append(address) }
            return false
        }
        for isFresh in [false, true] {
            strict.isFresh = isFresh
            let failure = try #require(try await client.exchange(strict).failure)
            #expect(failure.phase == .connect && !failure.hasSentRequest)
            #expect(failure.isConnectionReused == !isFresh)
            #expect(failure.reason.hasSuffix("is not allowed"))
        }
        // The kept connection's end, then all that the name stands for.
        #expect(asked.withLock { $0 }.prefix(2) == ["127.0.0.1", "127.0.0.1"])
        strict.isAddressAllowed = { $0 == "127.0.0.1" }
        #expect(try await client.exchange(strict).text == "1")
    }

    @Test func `nothing listening is a connect failure`() async throws {
        let request = CurlRequest(url: "https://127.0.0.1:1/")
        #expect(try await client.exchange(request).failure?.phase == .connect)
    }

    @Test func `user names in addresses are refused`() async throws {
        let failure = try await client.exchange(CurlRequest(url: "https://me@localhost:1/")).failure
        #expect(failure?.reason.contains("URL") == true || failure?.phase == .connect)
    }

    @Test func `get stops at its limit`() async throws {
        let server = try await TestServer()
        await #expect(throws: CurlFailure.self) {
            try await client.get(url: server.url("/big"), authority: .file(server.certificates.authority), limit: 1000)
        }
    }

    @Test func `get stops at its time`() async throws {
        let server = try await TestServer()
        let failure = await #expect(throws: CurlFailure.self) {
            try await client.get(
                url: server.url("/endless"),
                authority: .file(server.certificates.authority),
                timeout: .milliseconds(200)
            )
        }
        #expect(failure?.phase == .timeout)
    }

    @Test func `shutting down ends every transfer`() async throws {
        let server = try await TestServer()
        let client = CurlClient(logger: Logger(label: "test"))
        let (started, continuation) = AsyncStream.makeStream(of: Void.self)
        async let outcome = client.exchange(request(server, "/endless")) { _ in continuation.yield() }
        var iterator = started.makeAsyncIterator()
        await iterator.next()
        await client.shutdown()
        #expect(try await outcome.failure?.phase == .cancelled)
        #expect(try await client.exchange(request(server, "/head")).failure?.phase == .cancelled)
    }
}
