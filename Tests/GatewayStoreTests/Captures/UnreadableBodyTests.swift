import Foundation
import GatewayCore
import Testing

@testable import GatewayStore

/// Bodies that are cut, or spelled otherwise than in UTF-8.
struct UnreadableBodyTests {
    private func redact(_ body: [UInt8], type: String = "application/json", isCut: Bool = false) -> CapturedMessage {
        let header = CapturedMessage.Header(name: "content-type", value: type)
        var message = CapturedMessage(headers: [header], body: body)
        message.isTruncated = isCut
        let rule = CaptureRule(redaction: RedactionRule(patterns: [.email, .card]))
        let capture = Capture(receipt: Receipt(requestID: "1", startedAt: 0), rule: rule, request: message)
        return Redactor(rule.redaction).redact(capture).request
    }

    @Test(arguments: [
        (#"{"a":"card 4111 1111 1111 111"#, #"{"a":"card"#), (#"{"a":"of john.doe@exampl"#, #"{"a":"of"#),
        (#"{"a":"411111111111111"#, #"{"a":""#), (#"{"a":["b","c"],"#, #"{"a":["b","c"],"#),
        (#"{"a":"Bearer abcdefghij"#, #"{"a":"Bearer"#),
    ])
    func `of a body that was cut its last word and number are not kept`(body: String, kept: String) {
        let message = redact(Array(body.utf8), isCut: true)
        #expect(String(decoding: message.body, as: UTF8.self).trimmingCharacters(in: .whitespaces) == kept)
        #expect(redact(Array("one two".utf8), type: "text/plain").body == Array("one two".utf8))
    }

    @Test func `what has no words is cut no further`() {
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: 1000)
        #expect(redact(body, type: "text/plain", isCut: true).body == body)
        #expect(redact([0, 1, 2, 65, 66], type: "application/octet-stream", isCut: true).body == [0, 1, 2, 65, 66])
    }

    @Test(arguments: [
        String.Encoding.utf16, .utf16LittleEndian, .utf16BigEndian, .utf32, .utf32LittleEndian, .utf32BigEndian,
    ])
    func `text that is not UTF-8 is not kept`(encoding: String.Encoding) throws {
        let body = try #require(#"{"password":"hunter2"}"#.data(using: encoding))
        for type in ["application/json", "application/octet-stream", "text/plain; charset=utf-16"] {
            let kept = String(decoding: redact([UInt8](body), type: type).body, as: UTF8.self)
            #expect(kept == "[removed: it is UTF-16 or UTF-32, and cannot be looked through]")
        }
    }

    @Test func `a zero in what is called text says that it is not UTF-8`() {
        let body = Array("{\"é\":1,\"password\":\"hunter22xyz\"}".utf16).flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
        #expect(String(decoding: redact(body).body, as: UTF8.self).hasPrefix("[removed: it is UTF-16"))
    }

    @Test func `numbers in binary are kept as they are`() {
        let floats = (0..<64).flatMap { _ in [0, 0, 0, 0x3f] as [UInt8] }
        let small = (1...64).flatMap { [$0, 0, 0, 0] as [UInt8] }
        for body in [floats, small, [0x7b, 0, 0, 1] + small, [UInt8](repeating: 0, count: 64)] {
            #expect(redact(body, type: "application/octet-stream").body == body)
        }
    }
}
