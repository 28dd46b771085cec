import Curl
import Foundation
import GatewayAPI
import GatewayAdmin
import GatewayCore
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import gatehouse

@Suite struct ModelDownloadTests {
    private let file = HubFile(repository: "org/small", path: nil)

    @Test func `of a repository the one GGUF file is taken`() throws {
        let chosen = try ModelHub.choose(from: ["README.md", "small.Q4.gguf", "model.safetensors"], file)
        #expect(chosen.path == "small.Q4.gguf" && chosen.repository == "org/small")
    }

    @Test func `of several one must be named, and they are listed`() {
        #expect {
            try ModelHub.choose(from: ["b.gguf", "a.GGUF", "x.bin"], file)
        } throws: { error in
            "\(error)".contains("2 GGUF files") && "\(error)".contains("a.GGUF, b.gguf")
        }
        #expect { try ModelHub.choose(from: ["x.bin"], file) } throws: { "\($0)".contains("no GGUF file") }
    }

    @Test func `a file's URL has each of its parts escaped`() {
        let hub = ModelHub(url: "https://hub.test", token: nil)
        let file = HubFile(repository: "org/small", path: "a b/c#d.gguf", revision: "refs/pr/3")
        #expect(
            hub.download(file, file.path ?? "")
                == "https://hub.test/org/small/resolve/refs%2Fpr%2F3/a%20b/c%23d.gguf"
        )
    }

    @Test(arguments: [
        (401, ModelPullProblem.Code.gated), (403, .gated), (404, .notFound), (503, .unreachable),
    ])
    func `a bad answer of the hub says what to do`(status: Int, code: ModelPullProblem.Code) {
        let explain = ModelHub(url: "https://hub.test", token: nil).explain(file, hasToken: false)
        #expect(explain(status).code == code && explain(status).message.contains("org/small"))
        #expect(status > 403 || explain(status).message.contains("HF_TOKEN"))
    }

    @Test func `a token is what fits into a header, without the end of its line`() {
        #expect(ModelSettings.token(environment: ["HF_TOKEN": "hf_abc\n"]) == "hf_abc")
        #expect(ModelSettings.token(environment: ["HF_TOKEN": "a\nb"]) == nil)
        #expect(ModelSettings.token(environment: [:]) == nil)
    }

    @Test func `the mirror of the file is before that of the environment, and both before the public hub`() {
        var settings = ModelSettings()
        #expect(settings.hubURL(environment: [:]) == "https://huggingface.co")
        #expect(settings.hubURL(environment: ["HF_ENDPOINT": "https://mirror.test/"]) == "https://mirror.test")
        #expect(settings.hubURL(environment: ["HF_ENDPOINT": "mirror.test"]) == nil)
        settings.hub = "https://own.test"
        #expect(settings.hubURL(environment: ["HF_ENDPOINT": "https://mirror.test"]) == "https://own.test")
    }

    @Test(
        arguments: [
            ("bytes 100-199/200", ContentRange(first: 100, total: 200)),
            ("bytes */200", ContentRange(first: nil, total: 200)),
            ("bytes 5-9/*", ContentRange(first: 5, total: nil)), ("lines 1-2/3", nil), ("bytes", nil), ("bytes 1", nil),
            ("bytes -5-9/-9223372036854775808", ContentRange(first: nil, total: nil)),
            ("bytes +5-9/+20", ContentRange(first: nil, total: nil)),
        ] as [(String, ContentRange?)]
    )
    func `a content range is read`(text: String, range: ContentRange?) {
        #expect(ContentRange(text) == range)
    }

    @Test func `a rate is that of the last seconds`() {
        let start = ContinuousClock.now
        var rate = TransferRate(at: 1000, now: start)
        #expect(rate.perSecond == 0)
        for second in 1...20 { rate.add(1000 + Int64(second) * (second > 10 ? 200 : 0), now: start + .seconds(second)) }
        #expect((190...250).contains(rate.perSecond))
    }

    @Test func `progress is a line with share, rate and time left, and a bar`() {
        let text = ProgressText(OperationProgress(received: 1 << 29, total: 1 << 31, bytesPerSecond: 1 << 26))
        #expect(text.line == "512 MiB of 2 GiB (25 %), 64 MiB/s, 0:24 left")
        #expect(text.bar(width: 8) == "[##......] \(text.line)")
        let unknown = ProgressText(OperationProgress(received: 5, total: nil, bytesPerSecond: 0))
        #expect(unknown.line == "5 bytes, 0 bytes/s" && unknown.bar(width: 8) == unknown.line)
        #expect(ProgressText.clock(3723) == "1:02:03")
    }

    @Test func `a part is taken up with its checksum, and one that nobody knows anything of is not`() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("part-\(UUID().uuidString)").path
        let first = try DownloadFile(path: path)
        try first.writeNote(DownloadFile.Note(tag: "\"a\"", sha256: nil, total: 9))
        try first.write(ByteBuffer(string: "abc"))
        let second = try DownloadFile(path: path)
        #expect(try second.takeUp() == DownloadFile.Note(tag: "\"a\"", sha256: nil, total: 9))
        while try second.takeUpMore() {}
        #expect(second.count == 3)
        try second.write(ByteBuffer(string: "def"))
        #expect(second.sha256 == "bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721")
        try second.finish()
        #expect(FileManager.default.contents(atPath: path) == Data("abcdef".utf8))
        // Until it is in its place the note stays: who is stopped before that goes on with the whole of it.
        #expect(try DownloadFile(path: path).takeUp() != nil)
        try FileManager.default.removeItem(atPath: path + ".json")
        let third = try DownloadFile(path: path)
        #expect(try third.takeUp() == nil && third.count == 0)
        third.discard()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc"])
    func `a server that falls silent is given up with its time, and waits in no place for ever`(answer: String)
        async throws
    {
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in channel.pipeline.addHandler(Answer(text: answer)) }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = server.localAddress?.port ?? 0
        let curl = CurlClient(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        var download = ModelDownload(curl: curl, loop: server.eventLoop, authority: .system)
        (download.delay, download.patience) = (.milliseconds(1), .seconds(1))
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("part-\(UUID().uuidString)").path
        let target = ModelDownload.Target(
            url: "http://127.0.0.1:\(port)/m.gguf",
            reach: .everywhere,
            hostRefusal: { _ in nil },
            explain: { ModelPullProblem(.unreachable, "\($0)") }
        )
        let told = Mutex<[String]>([])
        let watch = ModelFetchWatch(
            expect: { _, _ in },
            makeRoom: { _, _ in },
            progress: { _ in },
            tell: { text in told.withLock { $0.append(text) } }
        )
        let file = try DownloadFile(path: path)
        await #expect {
            try await download.fetch(target, into: file, watch)
        } throws: { error in
            "\(error)".contains("came for 1 s")
        }
        #expect(told.withLock { $0 }.count == 1)
        file.discard()
        await curl.shutdown()
        try await server.close()
    }
}

/// Answers to what comes with the same text, and then nothing more.
private final class Answer: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let text: String

    init(text: String) {
        self.text = text
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }
}
