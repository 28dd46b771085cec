import GatewayCore
import Testing

@testable import GatewayStore

/// Which rules of captures are refused, and whose rule a deployment follows.
@Suite struct CaptureCheckTests {
    private static func definitions(_ endpoint: CaptureRule?, _ deployment: CaptureRule? = nil) -> Definitions {
        var definitions = Definitions(
            tenants: [TenantDefinition(name: "demo")],
            endpoints: ApplyDocuments.demo.endpoints,
            deployments: [.blue, .green]
        )
        definitions.endpoints[0].capture = endpoint
        definitions.deployments[0].capture = deployment
        return definitions
    }

    /// Code and field of everything wrong with a rule.
    private static func found(_ definitions: Definitions) -> [String] {
        do throws(StoreError) {
            try TemporaryStore.compiler().check(definitions, after: nil)
        } catch {
            if case .invalid(let problems) = error { return problems.map { "\($0.code.rawValue) \($0.field)" } }
        }
        return []
    }

    private static func rule(_ edit: (inout CaptureRule) -> Void) -> CaptureRule {
        var rule = CaptureRule()
        edit(&rule)
        return rule
    }

    private static let many = (0...100).map { "x-\($0)" }

    private static let refused: [(CaptureRule, String)] = [
        (rule { $0.samplingRate = -0.1 }, "invalidValue capture.samplingRate"),
        (rule { $0.samplingRate = 1.1 }, "invalidValue capture.samplingRate"),
        (rule { $0.samplingRate = .nan }, "invalidValue capture.samplingRate"),
        (rule { $0.bodyLimit = -1 }, "invalidValue capture.bodyLimit"),
        (rule { $0.bodyLimit = 65_537 }, "invalidValue capture.bodyLimit"),
        (CaptureRule(keepsRequest: false, keepsResponse: false), "invalidValue capture.parts"),
        (rule { $0.only.slowerThan = -1 }, "invalidValue capture.only.slowerThanMs"),
        (rule { $0.only.slowerThan = 86_400_001 }, "invalidValue capture.only.slowerThanMs"),
        (rule { $0.only.callers = many }, "tooMany capture.only.callers"),
        (rule { $0.only.callers = ["a", "a"] }, "duplicate capture.only.callers"),
        (rule { $0.only.header = .init(name: "x team") }, "invalidValue capture.only.header.name"),
        (rule { $0.headers = many }, "tooMany capture.headers"),
        (rule { $0.headers = ["x-a", "x-a"] }, "duplicate capture.headers"),
        (rule { $0.headers = [""] }, "invalidValue capture.headers"),
        (rule { $0.redaction.headers = ["x:a"] }, "invalidValue capture.redact.headers"),
        (rule { $0.redaction.paths = many }, "tooMany capture.redact.paths"),
        (rule { $0.redaction.paths = ["a..b"] }, "invalidValue capture.redact.paths"),
        (
            rule { $0.redaction.expressions = [.init(name: "a b", pattern: "a")] },
            "invalidValue capture.redact.expressions.a b"
        ),
        (
            rule { $0.redaction.expressions = [.init(name: "a", pattern: "(")] },
            "invalidValue capture.redact.expressions.a"
        ),
        (
            rule { $0.redaction.expressions = [.init(name: "a", pattern: String(repeating: "a", count: 1025))] },
            "invalidValue capture.redact.expressions.a"
        ),
        (
            rule { $0.redaction.expressions = [.init(name: "a", pattern: "a"), .init(name: "a", pattern: "b")] },
            "duplicate capture.redact.expressions"
        ),
        (
            rule { $0.collections = [CaptureCollection(name: "mine", samplingRate: 1)] },
            "invalidValue capture.collections"
        ),
        (
            rule { $0.collections = [CaptureCollection(name: "request", samplingRate: 2)] },
            "invalidValue capture.collections.request"
        ),
    ]

    @Test func `a rate, a limit, a name or a range that cannot be is refused, of endpoints and of deployments`() {
        for (rule, problem) in Self.refused {
            #expect(Self.found(Self.definitions(rule)) == [problem])
            #expect(Self.found(Self.definitions(nil, rule)) == [problem])
        }
    }

    @Test func `a rule at its bounds is taken`() {
        var rule = CaptureRule(samplingRate: 0, keepsRequest: false, bodyLimit: 0)
        rule.only.slowerThan = 86_400_000
        rule.headers = []
        #expect(Self.found(Self.definitions(rule)) == [])
        #expect(Self.found(Self.definitions(CaptureRule())) == [])
    }

    private static let hiding = RedactionRule(headers: ["x-patient"], patterns: [.email])

    /// What `blue` and `green` of the endpoint follow once all is compiled.
    private static func compiled(_ endpoint: CaptureRule?, _ deployment: CaptureRule?) throws -> [CaptureRule?] {
        let snapshot = try TemporaryStore.compiler().compile(definitions(endpoint, deployment))
        let deployments = snapshot.tenants["demo"]?.endpoints["chat"]?.deployments ?? []
        return ["blue", "green"].map { name in deployments.first { $0.name == name }?.capture }
    }

    @Test func `a deployment follows its own rule, else its endpoint's`() throws {
        let endpoint = CaptureRule(samplingRate: 0.5, redaction: Self.hiding)
        let own = CaptureRule(samplingRate: 0.1, bodyLimit: 10)
        #expect(try Self.compiled(endpoint, own) == [own, endpoint])
        #expect(try Self.compiled(endpoint, nil) == [endpoint, endpoint])
        #expect(try Self.compiled(nil, own) == [own, nil])
    }

    @Test func `from what a data collector keeps, what the endpoint's rule takes out is taken out too`() throws {
        let collections = [CaptureCollection(name: "request", samplingRate: 0.2)]
        let collector = try #require(CaptureRule(collecting: collections, headers: ["X-Trace"], rollingRate: .day))
        var expected = collector
        expected.redaction = Self.hiding
        #expect(try Self.compiled(CaptureRule(samplingRate: 0, redaction: Self.hiding), collector)[0] == expected)
        #expect(try Self.compiled(nil, collector)[0] == collector)
    }
}
