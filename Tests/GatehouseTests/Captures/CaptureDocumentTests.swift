import GatewayAPI
import GatewayCore
import Testing

@testable import GatewayAdmin
@testable import gatehouse

/// What a document's `capture` becomes.
@Suite struct CaptureDocumentTests {
    private static let every = """
        gatehouse:
          tenant: demo
          capture:
            sampling_rate: 0.1
            parts: [response]
            body_limit: 1000
            headers: [Content-Type, X-Team]
            only: {errors: true, slower_than_ms: 2000, callers: [demo/chat#primary], header: {name: X-Debug, value: "1"}}
            redact:
              headers: [X-Patient]
              json_paths: ["messages[*].name", "**.email"]
              patterns: [email, card, phone]
              expressions: {patient: 'P-\\d{6}', case: 'C-.*'}
        """

    @Test func `every key of a capture is in its rule`() throws {
        let capture = try documents("name: chat\n" + Self.every).endpoints.first?.capture
        let expected = CaptureRule(
            samplingRate: 0.1,
            keepsRequest: false,
            bodyLimit: 1000,
            only: CaptureCondition(
                errors: true,
                slowerThan: 2000,
                callers: ["demo/chat#primary"],
                header: .init(name: "x-debug", value: "1")
            ),
            redaction: RedactionRule(
                headers: ["x-patient"],
                paths: ["messages[*].name", "**.email"],
                patterns: [.email, .card, .phone],
                expressions: [.init(name: "case", pattern: "C-.*"), .init(name: "patient", pattern: #"P-\d{6}"#)]
            ),
            headers: ["content-type", "x-team"]
        )
        #expect(try CaptureRule(#require(capture)) == expected)
    }

    @Test func `an empty capture keeps all of everything`() throws {
        let capture = try documents("name: chat\ngatehouse: {tenant: demo, capture: {}}").endpoints.first?.capture
        #expect(try CaptureRule(#require(capture)) == CaptureRule())
    }

    @Test(arguments: [
        ("sampling_rate: 1.1", "capture.sampling_rate"), ("sampling_rate: often", "capture.sampling_rate"),
        ("parts: [body]", "capture.parts"), ("body_limit: 65537", "capture.body_limit"),
        ("only: {slower_than_ms: -1}", "capture.only.slower_than_ms"), ("only: {slow: 1}", "capture.only.slow"),
        ("only: {header: {value: a}}", "capture.only.header.name"), ("redact: {patterns: [name]}", "redact.patterns"),
        ("rate: 1", "capture.rate"),
    ])
    func `what a capture does not know is refused, with its place`(text: String, place: String) {
        let found = problems(in: "name: chat\ngatehouse: {capture: {\(text)}}")
        #expect(found.count == 1 && found.first?.contains(place) == true, "\(found)")
    }
}
