import GatewayCore
import Testing

@testable import GatewayStore

@Suite struct SizeCheckTests {
    private static func endpoint(_ index: Int) -> EndpointDefinition {
        EndpointDefinition(tenant: "demo", name: "endpoint-\(index)")
    }

    private static func problems(_ change: (inout Definitions) -> Void, after before: Definitions) -> [Problem.Code] {
        var definitions = before
        change(&definitions)
        return SizeCheck(previous: before).problems(definitions).map(\.code)
    }

    @Test func `a tenant has so many endpoints and no more, and one that has more may have fewer`() {
        var before = Definitions()
        before.endpoints = (0..<SizeCheck.mostEndpoints).map(Self.endpoint)
        #expect(Self.problems({ $0.endpoints.append(Self.endpoint(-1)) }, after: before) == [.tooMany])
        #expect(
            Self.problems({ $0.endpoints.append(EndpointDefinition(tenant: "b", name: "c")) }, after: before).isEmpty
        )
        before.endpoints.append(contentsOf: [Self.endpoint(-1), Self.endpoint(-2)])
        #expect(Self.problems({ $0.endpoints.removeLast() }, after: before).isEmpty)
    }

    @Test func `an endpoint has so many deployments, and a tenant so many role assignments`() {
        let before = Definitions()
        func deployment(_ index: Int) -> DeploymentDefinition {
            DeploymentDefinition(
                tenant: "demo",
                endpoint: "chat",
                name: "d-\(index)",
                serving: .upstream(UpstreamDefinition(urls: []))
            )
        }
        let many = (0...SizeCheck.mostDeployments).map(deployment)
        #expect(Self.problems({ $0.deployments = many }, after: before) == [.tooMany])
        #expect(Self.problems({ $0.deployments = many.dropLast() }, after: before).isEmpty)
        let roles = (0...SizeCheck.mostRoles).map {
            RoleAssignment(tenant: "demo", name: "r-\($0)", role: .invoke, subject: .subject("s"))
        }
        #expect(Self.problems({ $0.roles = roles }, after: before) == [.tooMany])
    }

    @Test func `texts and maps are bounded, and what is over the bound already may stay`() async throws {
        let temporary = try await TemporaryStore().configured()
        let long = String(repeating: "x", count: 70_000)
        for change in [
            { (deployment: inout DeploymentDefinition) in deployment.tags = ["a": long] },
            { $0.properties = ["a": long] }, { $0.environmentVariables = ["A": long] }, { $0.description = long },
        ] {
            var deployment = DeploymentDefinition.green
            change(&deployment)
            let wanted = deployment
            #expect(
                await GatewayStoreTests.problems { _ = try await temporary.store.putDeployment(wanted) } == [
                    .invalidValue
                ]
            )
        }
        var large = EndpointDefinition(tenant: "demo", name: "chat")
        large.tags = Dictionary(uniqueKeysWithValues: (0..<201).map { ("k\($0)", "v") })
        var before = Definitions()
        #expect(Self.problems({ $0.endpoints = [large] }, after: before) == [.tooMany])
        before.endpoints = [large]
        #expect(Self.problems({ $0.tenants = [TenantDefinition(name: "demo")] }, after: before).isEmpty)
    }
}
