import GatewayCore
import Testing

@testable import GatewayStore

/// Bodies are looked through for what they are, whatever their headers call them.
@Suite struct BodyKindTests {
    private static let body = Array(#"{"password":"C4n4ry"}"#.utf8)
    private static let kept = #"{"password":"[field]"}"#

    private func redact(_ bytes: [UInt8], type: String = "application/json", codings: [String] = []) -> Capture {
        let headers = codings.map { CapturedMessage.Header(name: "Content-Encoding", value: $0) }
        let type = CapturedMessage.Header(name: "content-type", value: type)
        let message = CapturedMessage(headers: headers + [type], body: bytes, size: Int64(bytes.count))
        let capture = Capture(receipt: Receipt(requestID: "1", startedAt: 0), rule: CaptureRule(), request: message)
        return Redactor(RedactionRule()).redact(capture)
    }

    private func text(_ bytes: [UInt8], type: String = "application/json", codings: [String] = []) -> String {
        String(decoding: redact(bytes, type: type, codings: codings).request.body, as: UTF8.self)
    }

    @Test(arguments: [
        (["deflate"], 1), (["GZIP"], 1), (["identity", "gzip"], 1), (["gzip, identity"], 1), (["gzip ,deflate"], 2),
        (["gzip", "deflate"], 2), (["identity"], 0), (["", "identity,"], 0),
    ])
    func `a compressed body is looked through, whichever of its headers says that it is one`(
        codings: [String],
        times: Int
    ) {
        let body = (0..<times).reduce(Self.body) { body, _ in Deflate.compress(body) }
        #expect(text(body, codings: codings) == Self.kept)
    }

    @Test(arguments: [["br"], ["identity", "br"], ["br, gzip"], ["gzip, br"], ["gzip,gzip,gzip,gzip,gzip"]])
    func `and is not kept where that cannot be`(codings: [String]) {
        #expect(text(Deflate.compress(Self.body), codings: codings).hasPrefix("[removed: it was compressed with "))
    }

    @Test func `what a compressed stream brought has the time when it could be read`() {
        let events = ["data: one\n\n", "data: two\n\n", "data: three\n\n"].map { Array($0.utf8) }
        let file = Gzip.file(of: events.flatMap { $0 })
        let start = Gzip.headBytes
        // The head in two pieces, the second event in two, its end with the third one; then the sum.
        let begun = [0, 4, start + events[0].count, start + events[0].count + 5, file.count - Gzip.sumBytes]
        let message = CapturedMessage(
            headers: [
                .init(name: "content-encoding", value: "gzip"), .init(name: "content-type", value: "text/event-stream"),
            ],
            body: file,
            size: Int64(file.count),
            pieces: zip(begun, 1...).map { .init(offset: $0, microseconds: $1) }
        )
        let capture = Capture(receipt: Receipt(requestID: "1", startedAt: 0), rule: CaptureRule(), response: message)
        let kept = Redactor(RedactionRule()).redact(capture).response
        #expect(kept.body == events.flatMap { $0 })
        #expect(kept.pieces.map(\.microseconds) == [2, 3, 4])
        #expect(kept.pieces.map(\.offset) == [0, events[0].count, events[0].count + 5])
    }

    @Test(arguments: ["application/gzip", "application/octet-stream", "image/png", "text/plain", "application/json"])
    func `a file that is compressed is treated as a body is, whatever it is called`(type: String) {
        let redacted = redact(Gzip.file(of: Self.body), type: type)
        #expect(String(decoding: redacted.request.body, as: UTF8.self) == Self.kept)
        #expect(redacted.loss.contains(.requestContent))
        #expect(text([0x28, 0xb5, 0x2f, 0xfd, 0x04] + Self.body, type: type).hasPrefix("[removed: it was compressed"))
        #expect(text(Array("PK\u{3}\u{4}\u{14}".utf8) + Self.body, type: type).hasPrefix("[removed: it was compressed"))
    }

    @Test func `what only begins like one stays`() {
        #expect(text(Array("BZh is short".utf8), type: "text/plain") == "BZh is short")
        #expect(!redact(Self.body, codings: ["identity"]).loss.contains(.requestHeaders))
    }

    @Test(arguments: ["image/svg+xml", "image/png", "audio/wav", "video/mp4", "application/octet-stream"])
    func `a text is looked through though it is called a picture`(type: String) {
        #expect(text(Array("<svg>password=C4n4ry </svg>".utf8), type: type) == "<svg>password=[credential] </svg>")
        #expect(text(Self.body, type: type) == Self.kept)
    }

    @Test func `a picture stays as it is`() {
        let picture: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13] + Self.body
        #expect(redact(picture, type: "image/png").request.body == picture)
    }

    @Test func `JSON that is called a form is JSON`() {
        let body = Array(#" {"password" : {"a&b": "C4"}}"#.utf8)
        #expect(text(body, type: "application/x-www-form-urlencoded") == #" {"password" : "[field]"}"#)
    }
}

/// A file as gzip writes it (RFC 1952), its contents stored (RFC 1951 3.2.4).
private enum Gzip {
    /// Before the contents, and after them.
    static let (headBytes, sumBytes) = (15, 8)

    static func file(of bytes: [UInt8]) -> [UInt8] {
        let (low, high) = (UInt8(bytes.count & 0xff), UInt8(bytes.count >> 8))
        var crc: UInt32 = ~0
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
        }
        let sum = (0..<4).map { UInt8(truncatingIfNeeded: ~crc >> ($0 * 8)) }
        return [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, low, high, ~low, ~high] + bytes + sum + [low, high, 0, 0]
    }
}
