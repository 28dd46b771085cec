import Foundation
import Testing

@testable import gatehouse

@Suite struct TraceSettingsTests {
    private static let tls = "tls: {certificates: [{certificate: c.pem, key: k.pem}]}\n"

    private static func load(_ text: String, _ environment: [String: String] = [:]) throws -> TraceSettings {
        try Configuration.load(YAMLFile(name: "g.yaml", text: tls + text), environment: environment).get().traces
    }

    private static func problems(_ text: String, _ environment: [String: String] = [:]) throws -> [String] {
        do {
            _ = try load(text, environment)
            return []
        } catch let found as DocumentProblems {
            return found.problems.map(\.description)
        }
    }

    @Test func `nothing says that there are traces, until a setting or a variable does`() throws {
        #expect(try Self.load("") == TraceSettings())
        #expect(try Self.load("", ["OTEL_SERVICE_NAME": "x", "OTEL_TRACES_SAMPLER": "wrong"]) == TraceSettings())
    }

    @Test func `every setting is read`() throws {
        let authority = FileManager.default.temporaryDirectory.appendingPathComponent("ca-\(UUID().uuidString).pem")
        try Data().write(to: authority)
        defer { try? FileManager.default.removeItem(at: authority) }
        let settings = try Self.load(
            """
            traces:
              endpoint: https://collector.test:4318/
              headers: {authorization: "Bearer ${env:OTLP_TOKEN}", x-scope-orgid: demo}
              sample: 0.25
              ca: \(authority.path)
              service: gate-1
            """
        )
        var expected = TraceSettings()
        expected.endpoint = "https://collector.test:4318/v1/traces"
        expected.headers = [
            .init(name: "authorization", value: "Bearer ${env:OTLP_TOKEN}"),
            .init(name: "x-scope-orgid", value: "demo"),
        ]
        (expected.sampleRate, expected.authority, expected.service) = (0.25, authority.path, "gate-1")
        #expect(settings == expected)
    }

    @Test(arguments: [
        ("http://c.test:4318", "http://c.test:4318/v1/traces"), ("http://c.test/otlp/", "http://c.test/otlp/v1/traces"),
        ("http://c.test/v1/traces", "http://c.test/v1/traces"), ("http://[::1]:4318", "http://[::1]:4318/v1/traces"),
    ])
    func `an endpoint is a base, or already all of it`(text: String, endpoint: String) throws {
        #expect(try Self.load("traces: {endpoint: '\(text)'}").endpoint == endpoint)
        #expect(try Self.load("", ["OTEL_EXPORTER_OTLP_ENDPOINT": text]).endpoint == endpoint)
    }

    @Test(arguments: [
        "{endpoint: collector}", "{endpoint: 'grpc://c.test:4317'}", "{endpoint: 'http://u:p@c.test'}",
        "{endpoint: 'http://c.test/?key=1'}", "{endpoint: 'http://'}", "{sample: 2}", "{sample: some}",
        "{ca: /nowhere.pem}", "{headers: {authorization: Bearer plain}}", "{headers: {x-honeycomb-api-key: plain}}",
        "{headers: {'bad name': a}}", "{headers: {a: \"b\\nc\"}}", "{rate: 1}", "{service: ''}",
    ])
    func `what cannot be used is refused, and no secret is repeated`(text: String) throws {
        let found = try Self.problems("traces: \(text)")
        #expect(found.count == 1, "\(found)")
        #expect(!found.joined().contains("plain"))
    }

    @Test func `OpenTelemetry's variables fill what the settings leave open`() throws {
        let environment = [
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://env.test:4318",
            "OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20b, x=%2Cy",
            "OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.5",
            "OTEL_SERVICE_NAME": "named", "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=test,service.name=other",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "1500", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        ]
        let filled = try Self.load("", environment)
        #expect(filled.endpoint == "http://env.test:4318/v1/traces" && filled.sampleRate == 0.5)
        #expect(
            filled.headers == [
                .init(name: "api-key", value: "a b", isLiteral: true), .init(name: "x", value: ",y", isLiteral: true),
            ]
        )
        #expect(filled.service == "named" && filled.attributes["deployment.environment"] == "test")
        #expect(filled.timeout == .milliseconds(1500))
        let set = try Self.load(
            "traces: {endpoint: 'http://set.test', sample: 1, headers: {x-a: b}, service: s}",
            environment
        )
        #expect(set.endpoint == "http://set.test/v1/traces" && set.sampleRate == 1 && set.service == "s")
        #expect(set.headers.map(\.name) == ["x-a"])
        let own = ["GATEHOUSE_TRACES_ENDPOINT": "http://own.test", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://env.test"]
        #expect(try Self.load("", own).endpoint == "http://own.test/v1/traces")
    }

    @Test func `the variable for traces alone comes first and is meant as it is`() throws {
        let environment = [
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://t.test/custom",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://a.test",
            "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "a=1", "OTEL_EXPORTER_OTLP_HEADERS": "b=2",
        ]
        let settings = try Self.load("", environment)
        #expect(settings.endpoint == "http://t.test/custom" && settings.headers.map(\.name) == ["a"])
    }

    @Test(arguments: [
        ["OTEL_SDK_DISABLED": "true"], ["OTEL_TRACES_EXPORTER": "none"], ["OTEL_TRACES_EXPORTER": "console"],
    ])
    func `the variables can say that there are none`(more: [String: String]) throws {
        let environment = ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://a.test"].merging(more) { $1 }
        #expect(try Self.load("", environment).endpoint == nil)
    }

    @Test(arguments: [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ("OTEL_EXPORTER_OTLP_HEADERS", "plain"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=plain%0d"), ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"), ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector:4318"),
    ])
    func `a variable that cannot be used is refused by its name`(name: String, value: String) throws {
        let environment = ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://a.test", name: value]
        let found = try Self.problems("", environment)
        #expect(found.count == 1 && found[0].hasPrefix(name) && !found[0].contains("plain"), "\(found)")
    }
}
