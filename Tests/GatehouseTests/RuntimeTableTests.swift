import GatewayAdmin
import GatewayCore
import Testing

@testable import gatehouse

@Suite struct RuntimeTableTests {
    private static let tls = "tls: {certificates: [{certificate: c.pem, key: k.pem}]}\n"

    private static func load(_ text: String) throws -> Configuration {
        try Configuration.load(YAMLFile(name: "g.yaml", text: tls + text), environment: [:]).get()
    }

    @Test func `the table names what serves by patterns`() throws {
        let configuration = try Self.load(
            """
            runtimes:
              - {image: "img:*", upstream: {urls: [http://127.0.0.1:9000], headers: {x-a: "1"}}}
              - {model: "small*", tenant: demo, environment: e, native: {slots: 2}}
            """
        )
        let upstream = UpstreamDefinition(
            urls: ["http://127.0.0.1:9000"],
            headers: [UpstreamHeader(name: "x-a", value: "1")]
        )
        #expect(
            configuration.runtimes == [
                RuntimeTable.Entry(image: "img:*", serving: .upstream(upstream)),
                RuntimeTable.Entry(
                    tenant: "demo",
                    environment: "e",
                    model: "small*",
                    serving: .native(NativeDefinition(slots: 2))
                ),
            ]
        )
    }

    @Test(
        arguments: [
            ("runtimes: a", "g.yaml:2: runtimes: must be a list"), ("runtimes: [a]", "must be a mapping"),
            ("runtimes: [{upstream: {urls: [http://a]}}]", "matches nothing"),
            ("runtimes: [{image: a}]", "nothing says what serves"),
            ("runtimes: [{image: a, native: {}, upstream: {urls: [http://a]}}]", "stands beside upstream"),
            ("runtimes: [{image: a, upstream: {}}]", "upstream.urls: is required"),
            ("runtimes: [{image: a, upstream: {urls: [ftp://a]}}]", "upstream.urls"),
            ("runtimes: [{images: a, native: {}}]", "did you mean image?"),
        ]
    )
    func `an entry that cannot be meant is refused with its place`(text: String, complaint: String) throws {
        let error = #expect(throws: DocumentProblems.self) { try Self.load(text) }
        #expect(error?.problems.contains { $0.description.contains(complaint) } == true, "\(String(describing: error))")
    }
}
