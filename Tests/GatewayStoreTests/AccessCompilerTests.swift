import GatewayCore
import Testing

@testable import GatewayStore

@Suite struct AccessCompilerTests {
    private static let open = EndpointDefinition(
        tenant: "demo",
        name: "chat",
        authModes: [.none],
        isPublic: true,
        rules: UsageRules(limits: [LimitRule(.requests, 60, per: .minute, isByAddress: true)]),
        cors: CORSRule(allowedOrigins: ["*"], allowedMethods: ["GET"]),
        allowedNetworks: ["10.0.0.0/8"],
        isPrivate: true,
        keyRotation: RotationRule(every: 86_400, overlap: 60)
    )

    private func endpoint(_ temporary: TemporaryStore) throws -> Endpoint {
        try #require(temporary.snapshots.current.tenants["demo"]?.endpoints["chat"])
    }

    @Test func `an endpoint is served as it was described`() async throws {
        let temporary = try TemporaryStore()
        _ = try await temporary.store.putTenant(TenantDefinition(name: "demo"))
        #expect(try await temporary.store.putEndpoint(Self.open) == .created)
        let served = try endpoint(temporary)
        #expect(served.access.modes == [.none] && served.access.isPrivate)
        #expect(served.access.networks == (try NetworkList(["10.0.0.0/8"])))
        #expect(served.usage?.rules == Self.open.rules && served.cors?.rule == Self.open.cors)
        #expect(try temporary.reopened().endpoint("demo", "chat").described == Self.open)
        var closed = Self.open
        closed.authModes = [.key, .aadToken, .amlToken]
        closed.isPublic = false
        closed.rules = .none
        #expect(try await temporary.store.putEndpoint(closed) == .updated)
        #expect(try temporary.reopened().endpoint("demo", "chat").described == closed)
        #expect(try endpoint(temporary).usage == nil)
    }

    @Test func `an endpoint that stays as it is keeps its object, with its limits`() async throws {
        let temporary = try await TemporaryStore().configured()
        var definition = ApplyDocuments.demo.endpoints[0]
        definition.rules = Self.open.rules
        definition.cors = Self.open.cors
        _ = try await temporary.store.putEndpoint(definition)
        let before = try endpoint(temporary)
        _ = try await temporary.store.createNamedKey("demo", "app", .narrow)
        _ = try await temporary.store.regenerateKey("demo", "chat", slot: .primary, grace: 60)
        #expect(try endpoint(temporary) === before)
        definition.rules.limits[0].amount = 61
        _ = try await temporary.store.putEndpoint(definition)
        #expect(try endpoint(temporary) !== before)
    }

    @Test(
        arguments: [
            { $0.authModes = [.key, .aadToken] }, { $0.allowedNetworks = ["10.0.0.0/8"] }, { $0.isPrivate = true },
            { $0.cors = CORSRule(allowedOrigins: ["https://a.example"]) },
            { $0.rules = UsageRules(limits: [LimitRule(.concurrent, 1)]) },
        ] as [@Sendable (inout EndpointDefinition) -> Void]
    )
    func `whatever changes of an endpoint is served`(edit: @Sendable (inout EndpointDefinition) -> Void) async throws {
        let temporary = try await TemporaryStore().configured()
        let before = try endpoint(temporary)
        var definition = ApplyDocuments.demo.endpoints[0]
        edit(&definition)
        _ = try await temporary.store.putEndpoint(definition)
        #expect(try endpoint(temporary) !== before)
        #expect(try temporary.reopened().endpoint("demo", "chat").described == definition)
    }

    @Test func `a deployment is served with its price and limits`() async throws {
        let temporary = try await TemporaryStore().configured()
        var green = DeploymentDefinition.green
        green.price = Price(perThousandInputTokens: 150, perThousandOutputTokens: 600, perRequest: 1)
        green.rules = UsageRules(limits: [LimitRule(.concurrent, 8)])
        _ = try await temporary.store.putDeployment(green)
        let served = try endpoint(temporary).deployments[1]
        #expect(served.price == green.price && served.usage?.rules == green.rules)
        #expect(try temporary.reopened().deployment("demo", "chat", "green") == green)
    }

    @Test func `a tenant's rule for other origins reaches its endpoints at once`() async throws {
        let temporary = try await TemporaryStore().configured()
        let before = try endpoint(temporary)
        let rule = CORSRule(allowedOrigins: ["https://a.example"])
        _ = try await temporary.store.putTenant(TenantDefinition(name: "demo", cors: rule))
        #expect(try endpoint(temporary) !== before)
        #expect(try endpoint(temporary).cors?.rule == rule)
    }

    @Test func `what is only tried touches no counter`() async throws {
        let temporary = try await TemporaryStore().configured()
        var documents = ApplyDocuments.demo
        documents.endpoints[0].rules = UsageRules(limits: [LimitRule(.concurrent, 1)])
        _ = try await temporary.store.apply(documents, prune: false, dryRun: false)
        let before = try #require(try endpoint(temporary).usage)
        documents.endpoints[0].rules = UsageRules(limits: [LimitRule(.concurrent, 2)])
        _ = try await temporary.store.apply(documents, prune: false, dryRun: true)
        _ = try await temporary.store.putDeployment(.blue)
        _ = try await temporary.store.createNamedKey("demo", "app", KeyTerms())
        #expect(try endpoint(temporary).usage === before)
    }
}
