import GatewayCore
import Testing

@testable import GatewayStore

/// Mail addresses, cards and telephone numbers.
struct PersonalPatternTests {
    private func redact(_ text: String, type: String = "text/plain", _ patterns: RedactionRule.Pattern...) -> String {
        let header = CapturedMessage.Header(name: "content-type", value: type)
        let message = CapturedMessage(headers: [header], body: Array(text.utf8))
        let rule = CaptureRule(redaction: RedactionRule(patterns: patterns))
        let capture = Capture(receipt: Receipt(requestID: "1", startedAt: 0), rule: rule, request: message)
        return String(decoding: Redactor(rule.redaction).redact(capture).request.body, as: UTF8.self)
    }

    @Test(arguments: [
        ("write to bob.smith+x@mail.example.co.uk now", "write to [email] now"), ("a@b", "a@b"),
        ("jürgen.müller@example.com", "[email]"), ("user@bücher.de", "[email]"), ("o'brien@example.com", "[email]"),
        ("'bob@example.com'", "'[email]'"), ("john@example.com_2024", "[email]_2024"), ("j@example.com2", "[email]2"),
        ("?to=john%40example.com", "?to=[email]"), ("100 % of 5.5", "100 % of 5.5"),
    ])
    func `mail addresses are taken out where a rule says so`(text: String, kept: String) {
        #expect(redact(text, .email) == kept)
        #expect(redact(text) == text)
    }

    @Test(arguments: [
        ("4111 1111 1111 1111", "[card]"), ("card 5500-0000-0000-0004.", "card [card]."), ("378282246310005", "[card]"),
        ("4111 1111 1111 1112", "4111 1111 1111 1112"), ("0.41111111111111111", "0.41111111111111111"),
        ("3782 822463 10005", "[card]"), ("41111111111111110000", "41111111111111110000"),
    ])
    func `a card number is one whose check digit is right`(text: String, kept: String) {
        #expect(redact(text, .card) == kept)
    }

    @Test(arguments: [
        ("4111111111111111 12/27", "[card] 12/27"), ("4111 1111 1111 1111 12/27", "[card] 12/27"),
        ("4111-1111-1111-1111-123", "[card]-123"), ("12/27 4111 1111 1111 1111", "12/27 [card]"),
        ("4111111111111111 5", "[card] 5"), ("4111111111111111 5500000000000004", "[card] [card]"),
    ])
    func `a card is found beside other numbers`(text: String, kept: String) {
        #expect(redact(text, .card) == kept)
    }

    @Test(arguments: [
        ("call +49 170 1234567 or", "call [phone] or"), ("(030) 123-4567-89", "[phone]"), ("555 123 4567", "[phone]"),
        ("0049 30 1234567", "[phone]"), ("030/1234567", "[phone]"), ("555.123.4567", "[phone]"),
        ("2026-11-29 12:00", "2026-11-29 12:00"), ("1732878000123", "1732878000123"), ("-0.0012345", "-0.0012345"),
        ("192.168.100.200", "192.168.100.200"), ("/030/1234567/x", "/030/1234567/x"), ("0012345678", "0012345678"),
    ])
    func `telephone numbers are told from dates, addresses and amounts`(text: String, kept: String) {
        #expect(redact(text, .phone) == kept)
    }

    @Test(arguments: [
        (#"{"card":4111111111111111}"#, #"{"card":"[card]"}"#), (#"[1, 4111111111111111 ]"#, #"[1, "[card]" ]"#),
        (#"{"a":"is: 4111111111111111, yes"}"#, #"{"a":"is: [card], yes"}"#),
        (#"{"a\"":"b\"c","d":4111111111111111,"e":"4111111111111111"}"#, #"{"a\"":"b\"c","d":"[card]","e":"[card]"}"#),
    ])
    func `what takes a number's place in JSON is a string`(body: String, kept: String) {
        #expect(redact(body, type: "application/json", .card) == kept)
    }

    @Test(arguments: [
        (#"data: {"card":4111111111111111}"#, #"data: {"card":"[card]"}"#),
        ("data: 4111111111111111, yes", "data: [card], yes"),
    ])
    func `so it is in events that are JSON`(event: String, kept: String) {
        #expect(redact("\(event)\n\n", type: "text/event-stream", .card) == "\(kept)\n\n")
    }
}
