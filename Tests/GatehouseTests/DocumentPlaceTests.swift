import Testing
import Yams

@testable import gatehouse

/// Where the gateway's answer to `apply` points in the file that was applied.
@Suite struct DocumentPlaceTests {
    private static let text = """
        name: badep
        traffic: {blue: 100}
        gatehouse:
          tenant: demo
          capture:
            body_limit: 1
            parts: []
            redact:
              json_paths: ["a..b"]
              expressions: {x: "("}
          rate_limits: []
        """

    @Test(arguments: [
        (
            "capture.redact.paths: 'a..b' is no path",
            "bad.yaml:9: demo/badep.gatehouse.capture.redact.json_paths: 'a..b' is no path"
        ),
        ("capture.redact.expressions.x: no", "bad.yaml:10: demo/badep.gatehouse.capture.redact.expressions.x: no"),
        ("capture.parts: is empty", "bad.yaml:7: demo/badep.gatehouse.capture.parts: is empty"),
        ("capture.bodyLimit: must be", "bad.yaml:6: demo/badep.gatehouse.capture.body_limit: must be"),
        ("capture.headers: x: y", "bad.yaml:5: demo/badep.gatehouse.capture.headers: x: y"),
        ("traffic: sums", "bad.yaml:2: demo/badep.traffic: sums"),
        ("rateLimits: bad", "bad.yaml:11: demo/badep.gatehouse.rate_limits: bad"),
        ("keyRotation.every: bad", "bad.yaml:1: demo/badep.keyRotation.every: bad"),
    ])
    func `a refusal names the key as it is written, and its line`(refusal: String, shown: String) throws {
        let node = try #require(try Yams.compose(yaml: Self.text))
        let places = ["demo/badep": DocumentPlace(file: "bad.yaml", node: node)]
        #expect(ClientError("demo/badep.\(refusal)").placed(by: places).message == shown)
    }

    @Test func `what is no member keeps its words, with the document's place`() throws {
        let node = try #require(try Yams.compose(yaml: Self.text))
        let places = ["demo/badep": DocumentPlace(file: "bad.yaml", node: node)]
        #expect(ClientError("demo/badep: no. So").placed(by: places).message == "bad.yaml:1: demo/badep: no. So")
        #expect(ClientError("demo/other.x: no").placed(by: places).message == "demo/other.x: no")
    }
}
