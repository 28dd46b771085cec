import GatewayCore
import Testing

@testable import GatewayStore

@Suite struct RoutingStoreTests {
    /// `blue` and `green` are live, `shadow` gets copies.
    private static func documents(_ change: (inout ApplyDocuments) -> Void = { _ in }) -> ApplyDocuments {
        var documents = ApplyDocuments.demo
        var shadow = DeploymentDefinition.green
        shadow.name = "shadow"
        documents.deployments.append(shadow)
        documents.deployments[1].model = ModelReference(name: "qwen", version: "2")
        documents.endpoints[0].mirrorTraffic = ["shadow": 10]
        documents.endpoints[0].routing = RoutingDefinition(
            canaries: [
                CanaryDefinition(deployment: "green", condition: .header(name: "x-canary", value: "yes")),
                CanaryDefinition(deployment: "green", condition: .callers(5)),
            ],
            sticky: .cookie("session"),
            versions: VersionsDefinition(query: "modelVersion", header: "x-model-version", standard: "2")
        )
        change(&documents)
        return documents
    }

    private static func configured() async throws -> TemporaryStore {
        let temporary = try TemporaryStore()
        _ = try await temporary.store.apply(documents(), prune: false, dryRun: false)
        return temporary
    }

    @Test func `everything about traffic is there again after a restart`() async throws {
        let temporary = try TemporaryStore()
        let wanted = Self.documents { documents in
            guard case .upstream(var upstream) = documents.deployments[0].serving else { return }
            upstream.path = PathRewrite(stripPrefix: "/score", addPrefix: "/predict")
            upstream.removedHeaders = ["cookie"]
            documents.deployments[0].serving = .upstream(upstream)
            documents.deployments[0].isEgressPrivate = true
        }
        _ = try await temporary.store.apply(wanted, prune: false, dryRun: false)
        let stored = try temporary.reopened().definitions
        #expect(stored.endpoints.map(\.described) == wanted.endpoints)
        #expect(Set(stored.deployments.map(\.name)) == ["blue", "green", "shadow"])
        for deployment in wanted.deployments { #expect(stored.deployments.contains(deployment)) }
    }

    @Test(arguments: [StickyKey.caller, .key, .subject, .header("x-user"), .cookie("session")])
    func `every kind of stickiness is stored`(key: StickyKey) async throws {
        let temporary = try TemporaryStore()
        let wanted = Self.documents { $0.endpoints[0].routing.sticky = key }
        _ = try await temporary.store.apply(wanted, prune: false, dryRun: false)
        #expect(try temporary.reopened().endpoint("demo", "chat").routing.sticky == key)
    }

    private static let weights = [["blue": 50, "green": 30, "red": 20], ["blue": 40, "green": 30, "red": 30]]

    @Test func `a change of weights moves the share that must, and a restart nobody`() async throws {
        let temporary = try TemporaryStore()
        var documents = ApplyDocuments.demo
        var red = DeploymentDefinition.green
        red.name = "red"
        documents.deployments.append(red)
        documents.endpoints[0].traffic = Self.weights[0]
        documents.endpoints[0].routing = RoutingDefinition(sticky: .caller)
        _ = try await temporary.store.apply(documents, prune: false, dryRun: false)
        let first = try #require(temporary.store.definitions.stickyBuckets["demo/chat"])
        _ = try await temporary.store.setTraffic("demo", "chat", TrafficChange(weights: Self.weights[1]))
        let second = try #require(temporary.store.definitions.stickyBuckets["demo/chat"])
        #expect(zip(first.owners, second.owners).count { $0 != $1 } == 10)
        #expect(second != StickyBuckets.none.moved(to: Self.weights[1], endpoint: "demo/chat"))
        let reopened = try temporary.reopened()
        #expect(reopened.definitions.stickyBuckets == ["demo/chat": second])
        documents.endpoints[0].traffic = Self.weights[1]
        documents.endpoints[0].routing = .none
        _ = try await reopened.apply(documents, prune: false, dryRun: false)
        #expect(try temporary.reopened().definitions.stickyBuckets.isEmpty)
    }

    private typealias Edit = @Sendable (inout ApplyDocuments) -> Void

    private static let mistakes: [(Problem.Code, Edit)] = [
        (.unknownDeployment, { $0.endpoints[0].mirrorTraffic = ["nobody": 10] }),
        (.invalidTraffic, { $0.endpoints[0].mirrorTraffic = ["shadow": 101] }),
        (.invalidTraffic, { $0.endpoints[0].mirrorTraffic = ["blue": 10] }),
        (.invalidTraffic, { $0.endpoints[0].routing.canaries[0].deployment = "shadow" }),
        (.unknownDeployment, { $0.endpoints[0].routing.canaries[0].deployment = "nobody" }),
        (.invalidRouting, { $0.endpoints[0].routing.canaries[1].condition = .callers(101) }),
        (
            .invalidRouting,
            { $0.endpoints[0].routing.canaries[0].condition = .header(name: "authorization", value: nil) }
        ),
        (.invalidRouting, { $0.endpoints[0].routing.canaries[0].condition = .header(name: "a b", value: nil) }),
        (.invalidRouting, { $0.endpoints[0].routing.canaries[0].condition = .header(name: "x", value: "") }),
        (.invalidRouting, { $0.endpoints[0].routing.sticky = .header("api-key") }),
        (.invalidRouting, { $0.endpoints[0].routing.sticky = .cookie("a;b") }),
        (.invalidRouting, { $0.endpoints[0].routing.versions = VersionsDefinition() }),
        (.invalidRouting, { $0.endpoints[0].routing.versions?.query = "a&b" }),
        (.unknownVersion, { $0.endpoints[0].routing.versions?.standard = "3" }),
        (.invalidValue, { $0.deployments[1].serving = upstream(path: PathRewrite()) }),
        (.invalidValue, { $0.deployments[1].serving = upstream(path: PathRewrite(addPrefix: "a")) }),
        (.invalidValue, { $0.deployments[1].serving = upstream(path: PathRewrite(addPrefix: "/a/../b")) }),
        (.invalidValue, { $0.deployments[1].serving = upstream(path: PathRewrite(stripPrefix: "/a?b")) }),
        (.invalidHeader, { $0.deployments[1].serving = upstream(removing: ["host"]) }),
        (.duplicate, { $0.deployments[1].serving = upstream(removing: ["a", "A"]) }),
        (
            .addressRefused,
            { documents in
                documents.deployments[1].serving = .upstream(UpstreamDefinition(urls: ["http://93.184.216.34/"]))
                documents.deployments[1].isEgressPrivate = true
            }
        ),
    ]

    private static func upstream(path: PathRewrite? = nil, removing headers: [String] = []) -> Serving {
        .upstream(UpstreamDefinition(urls: ["http://127.0.0.1:9"], path: path, removedHeaders: headers))
    }

    @Test(arguments: mistakes.indices)
    func `a mistake is refused and leaves everything as it was`(index: Int) async throws {
        let (code, edit) = Self.mistakes[index]
        let temporary = try await Self.configured()
        let before = temporary.store.definitions
        let found = await problems {
            _ = try await temporary.store.apply(Self.documents(edit), prune: false, dryRun: false)
        }
        #expect(found == [code])
        #expect(temporary.store.definitions == before)
    }

    @Test func `traffic is changed in parts, and the default version by itself`() async throws {
        let store = try await Self.configured().store
        let weights = try await store.setTraffic("demo", "chat", TrafficChange(weights: ["blue": 0, "green": 100]))
        #expect(weights.traffic == ["blue": 0, "green": 100] && weights.mirrorTraffic == ["shadow": 10])
        let mirrors = try await store.setTraffic("demo", "chat", TrafficChange(mirrors: [:]))
        #expect(mirrors.mirrorTraffic.isEmpty && mirrors.traffic == weights.traffic)
        #expect(mirrors.routing == weights.routing)
        let found = await problems {
            _ = try await store.setTraffic("demo", "chat", TrafficChange(standardVersion: "9"))
        }
        #expect(found == [.unknownVersion])
        #expect(try store.endpoint("demo", "chat").routing.versions?.standard == "2")
    }

    @Test func `a deployment that traffic leads to cannot go`() async throws {
        let store = try await Self.configured().store
        for name in ["blue", "green", "shadow"] {
            do throws(StoreError) {
                try await store.deleteDeployment("demo", "chat", name)
                Issue.record("\(name) went")
            } catch {
                if case .conflict = error { continue }
                Issue.record("\(error)")
            }
        }
        _ = try await store.setTraffic("demo", "chat", TrafficChange(mirrors: ["shadow": 0]))
        try await store.deleteDeployment("demo", "chat", "shadow")
        #expect(try store.endpoint("demo", "chat").mirrorTraffic.isEmpty)
    }

    @Test func `a change of something else keeps the turn of mirrors and what was counted`() async throws {
        let temporary = try await Self.configured()
        func target() throws -> MirrorTarget {
            try #require(temporary.snapshots.current.tenants["demo"]?.endpoints["chat"]?.mirror.targets.first)
        }
        let first = try target()
        first.meter.drop()
        _ = try await temporary.store.setMaintenance("demo", "chat", Maintenance(message: "Soon.", retryAfter: 1))
        #expect(try target().meter === first.meter)
        _ = try await temporary.store.setTraffic("demo", "chat", TrafficChange(mirrors: ["shadow": 20]))
        #expect(try target() !== first && target().meter.counts.dropped == 1)
    }

    @Test func `an egress that is private makes an instance of its own`() async throws {
        let temporary = try await Self.configured()
        let wanted = Self.documents { documents in
            documents.deployments[2].isEgressPrivate = true
            documents.deployments[1].isEgressPrivate = false
        }
        _ = try await temporary.store.apply(wanted, prune: false, dryRun: false)
        let deployments = temporary.snapshots.current.tenants["demo"]?.endpoints["chat"]?.deployments ?? []
        let instances = deployments.filter { $0.name != "blue" }.flatMap(\.instances)
        #expect(instances.count == 2 && instances[0].url == instances[1].url && instances[0] !== instances[1])
        let shadow = try #require(instances.last?.address.reach)
        #expect(!shadow.admits("93.184.216.34") && !shadow.admits("not an address"))
        #expect(shadow.admits("127.0.0.1") && shadow.admits("::1") && shadow.admits("10.1.2.3"))
        #expect(instances[0].address.reach.admits("93.184.216.34"))
    }
}
