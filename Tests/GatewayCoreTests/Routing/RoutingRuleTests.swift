import Testing

@testable import GatewayCore

@Suite struct RoutingRuleTests {
    private static let versions = VersionsDefinition(query: "modelVersion", header: "x-model-version", standard: "1")

    @Test func `a pin goes before a version, a version before a canary, a canary before the default`() throws {
        let fixture = try RoutingFixture(
            RoutingDefinition(
                canaries: [CanaryDefinition(deployment: "red", condition: .header(name: "x-canary", value: nil))],
                versions: Self.versions
            ),
            weights: [0, 100, 0]
        )
        let all = ["x-canary": "1", "x-model-version": "2"]
        #expect(try fixture.target(pinned: "blue", headers: all) == "blue")
        #expect(try fixture.target(headers: all) == "green")
        #expect(try fixture.target(headers: ["x-canary": "1"]) == "red")
        #expect(try fixture.target() == "blue")
    }

    @Test(arguments: [
        ("/demo/chat/score?modelVersion=2", [:], "green"), ("/demo/chat/score?a=b&modelVersion=1&c", [:], "blue"),
        ("/demo/chat/score", ["x-model-version": "2"], "green"),
        ("/demo/chat/score?modelVersion=2", ["x-model-version": "2"], "green"),
        ("/demo/chat/score?modelVersion=", [:], "blue"), ("/demo/chat/score?xmodelVersion=2", [:], "blue"),
    ])
    func `a version is asked for by query or header`(path: String, headers: [String: String], name: String) throws {
        let fixture = try RoutingFixture(RoutingDefinition(versions: Self.versions), weights: [0, 100, 0])
        #expect(try fixture.target(path, headers: headers) == name)
    }

    @Test func `an unknown version is refused with the list of those that there are`() throws {
        let fixture = try RoutingFixture(RoutingDefinition(versions: Self.versions))
        #expect(throws: Refusal.noSuchVersion(known: ["1", "2"])) {
            try fixture.target("/demo/chat/score?modelVersion=3")
        }
    }

    @Test func `with its version out, who names a version is not answered by another, whatever the fallback`()
        throws
    {
        let fixture = try RoutingFixture(
            RoutingDefinition(versions: Self.versions),
            weights: [0, 100, 0],
            fallback: ["blue", "red"]
        )
        #expect(try !fixture.plan(headers: ["x-model-version": "1"]).canFallBack)
        #expect(try fixture.plan(headers: ["x-model-version": "2"]).substitutes.map(\.name) == ["red"])
        fixture.stop("green")
        #expect(try fixture.target(headers: ["x-model-version": "2"]) == "red")
        fixture.stop("red")
        #expect(throws: Refusal.notReady(deployment: "green")) { try fixture.target(headers: ["x-model-version": "2"]) }
        // Who names none has the default version, in whose place an admin has let others answer.
        #expect(try fixture.target() == "blue")
    }

    @Test func `two different versions in one request are refused`() throws {
        let fixture = try RoutingFixture(RoutingDefinition(versions: Self.versions))
        do throws(Refusal) {
            let head = request("POST", "/demo/chat/score?modelVersion=1", key: "key-0")
            _ = try fixture.admission.admit(head, header: { _ in "2" }, at: Moment(uptime: 0, wall: 0))
            Issue.record("two versions were taken")
        } catch {
            if case .malformed(400, _) = error { return }
            Issue.record("\(error)")
        }
    }

    @Test func `deployments of one version share it by their weights, or equally without any`() throws {
        let versions = RoutingDefinition(versions: VersionsDefinition(query: "v"))
        let equal = try RoutingFixture(versions)
        let names = try (0..<100).map { _ in try equal.target("/demo/chat/score?v=2") }
        #expect(names.count { $0 == "green" } == 50 && names.count { $0 == "red" } == 50)
        let weighted = try RoutingFixture(versions, weights: [60, 10, 30])
        let shares = try (0..<400).map { _ in try weighted.target("/demo/chat/score?v=2") }
        #expect(shares.count { $0 == "green" } == 100 && shares.count { $0 == "red" } == 300)
    }

    @Test func `without a default the split decides for those who ask for no version`() throws {
        let fixture = try RoutingFixture(
            RoutingDefinition(versions: VersionsDefinition(query: "v")),
            weights: [50, 50, 0]
        )
        let names = try (0..<100).map { _ in try fixture.target() }
        #expect(names.count { $0 == "blue" } == 50 && names.count { $0 == "green" } == 50)
    }

    @Test func `another deployment steps in only with the version that was asked for`() throws {
        let fixture = try RoutingFixture(
            RoutingDefinition(versions: Self.versions),
            weights: [50, 25, 25]
        )
        fixture.stop("green")
        let others = try (0..<10).map { _ in try fixture.target("/demo/chat/score?modelVersion=2") }
        #expect(Set(others) == ["red"])
        fixture.stop("red")
        #expect(throws: Refusal.self) { try fixture.target("/demo/chat/score?modelVersion=2") }
        #expect(try fixture.target() == "blue")
    }

    @Test func `a canary by header takes the value that it names, or any`() throws {
        let fixture = try RoutingFixture(
            RoutingDefinition(canaries: [
                CanaryDefinition(deployment: "green", condition: .header(name: "x-canary", value: "yes")),
                CanaryDefinition(deployment: "red", condition: .header(name: "x-any", value: nil)),
            ])
        )
        #expect(try fixture.target(headers: ["x-canary": "yes"]) == "green")
        #expect(try fixture.target(headers: ["x-canary": "no"]) == "blue")
        #expect(try fixture.target(headers: ["x-any": ""]) == "red")
        #expect(try fixture.target(headers: ["x-canary": "yes", "x-any": "1"]) == "green")
    }

    @Test func `a share of callers is always the same ones, and grows without losing any`() throws {
        func taken(_ percent: Int) throws -> Set<Int> {
            let fixture = try RoutingFixture(
                RoutingDefinition(canaries: [CanaryDefinition(deployment: "green", condition: .callers(percent))])
            )
            return Set(
                try (0..<RoutingFixture.keys).filter { key in
                    let first = try fixture.target(key: key)
                    #expect(try fixture.target(key: key) == first)
                    return first == "green"
                }
            )
        }
        let (none, few, more, all) = (try taken(0), try taken(5), try taken(20), try taken(100))
        #expect(none.isEmpty && all.count == RoutingFixture.keys)
        #expect((25...85).contains(few.count) && (140...260).contains(more.count), "\(few.count) \(more.count)")
        #expect(few.isSubset(of: more))
    }

    @Test func `a canary that is down leaves its requests to the split`() throws {
        let fixture = try RoutingFixture(
            RoutingDefinition(canaries: [CanaryDefinition(deployment: "green", condition: .callers(100))])
        )
        fixture.stop("green")
        #expect(try fixture.target() == "blue")
    }

    @Test func `a sticky caller meets one deployment, others' turns do not matter`() throws {
        let fixture = try RoutingFixture(RoutingDefinition(sticky: .caller), weights: [50, 50, 0])
        let first = try (0..<200).map { try fixture.target(key: $0) }
        let second = try (0..<200).reversed().map { try fixture.target(key: $0) }
        #expect(first == second.reversed())
        #expect((60...140).contains(first.count { $0 == "green" }))
    }

    @Test func `sticky by header or cookie follows it, and requests without it are split`() throws {
        for (key, name) in [(StickyKey.header("x-user"), "x-user"), (.cookie("session"), "cookie")] {
            let fixture = try RoutingFixture(RoutingDefinition(sticky: key), weights: [50, 50, 0])
            func headers(_ user: Int) -> [String: String] {
                [name: name == "cookie" ? "theme=dark; session=\(user)" : "\(user)"]
            }
            let targets = try (0..<100).map { try fixture.target(key: $0, headers: headers($0)) }
            #expect(Set(targets) == ["blue", "green"])
            let again = try (0..<100).map { try fixture.target(key: 500, headers: headers($0)) }
            #expect(again == targets)
            let without = try (0..<100).map { _ in try fixture.target() }
            #expect(without.count { $0 == "blue" } == 50)
        }
    }

    @Test func `sticky by key or by subject leaves the other kind to the split`() {
        let holder = Caller(tenant: "demo", label: "demo#app", endpoints: nil)
        let nobody = Caller(tenant: "demo", label: "anonymous", proof: .none, endpoints: nil)
        #expect(StickyKey.key.value(holder) { _ in nil } == "demo#app")
        #expect(StickyKey.caller.value(holder) { _ in nil } == "demo#app")
        #expect(StickyKey.subject.value(holder) { _ in nil } == nil)
        #expect(StickyKey.caller.value(nobody) { _ in nil } == nil)
    }

    @Test(arguments: [
        ("session=a", "a"), ("x=1; session=b ", "b "), ("xsession=1", nil), ("session=", nil), ("session", nil),
        ("Session=a", nil), ("", nil), ("session=a=b; c", "a=b"),
    ])
    func `a cookie is found by its whole name`(header: String, value: String?) {
        #expect(StickyKey.cookie("session", in: header) == value)
    }
}
