import GatewayCore
import Testing

@testable import GatewayStore

/// Which callers a rule of captures may name.
@Suite struct IdleCaptureCheckTests {
    private static func definitions(_ callers: [String], ofDeployment: Bool = false) -> Definitions {
        var definitions = Definitions(
            tenants: [TenantDefinition(name: "demo")],
            endpoints: ApplyDocuments.demo.endpoints,
            deployments: [.blue, .green]
        )
        let rule = CaptureRule(only: CaptureCondition(callers: callers))
        if ofDeployment {
            definitions.deployments[0].capture = rule
        } else {
            definitions.endpoints[0].capture = rule
        }
        return definitions
    }

    private static func found(_ new: Definitions, after old: Definitions = definitions([])) -> [Problem] {
        IdleCaptureCheck(previous: old).problems(new)
    }

    @Test(arguments: [
        "nobody", "", "demo", "demo#", "demo@", "demo/chat", "demo/chat#", "demo/chat#third", "demo/other#primary",
        "rival#key", "rival@subject", "replay",
    ])
    func `who can never call is refused, of endpoints and of deployments`(caller: String) {
        let ofEndpoint = Self.found(Self.definitions([caller]))
        #expect(ofEndpoint.map(\.field) == ["capture.only.callers"] && ofEndpoint.map(\.resource) == ["demo/chat"])
        let ofDeployment = Self.found(Self.definitions([caller], ofDeployment: true))
        #expect(ofDeployment.map(\.resource) == ["demo/chat/blue"])
        #expect(ofDeployment.first?.message.contains("write demo/chat#primary, demo#KEY") == true)
    }

    @Test(arguments: [
        "demo/chat#primary", "demo/chat#secondary", "demo#other", "demo@3f1c-7a", "demo@a@b.example", "anonymous",
    ])
    func `who may call is taken, whether it exists or not`(caller: String) {
        #expect(Self.found(Self.definitions([caller])).isEmpty)
        #expect(Self.found(Self.definitions([caller], ofDeployment: true)).isEmpty)
    }

    @Test func `what was stored before goes on`() {
        let stored = Self.definitions(["nobody"])
        #expect(Self.found(stored, after: stored).isEmpty)
        #expect(Self.found(Self.definitions(["nobody", "demo#other"]), after: stored).count == 1)
    }

    @Test(arguments: ["", "^", #"\b"#, "a*", "(?:foo)?"])
    func `an expression that may find nothing is refused, and one that was stored goes on`(pattern: String) {
        var new = Self.definitions([])
        let rule = RedactionRule(expressions: [.init(name: "x", pattern: pattern)])
        new.endpoints[0].capture = CaptureRule(redaction: rule)
        #expect(Self.found(new).map(\.field) == ["capture.redact.expressions.x"])
        #expect(Self.found(new, after: new).isEmpty)
    }
}
