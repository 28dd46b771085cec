import GatewayCore
import Testing

@testable import GatewayStore

/// How instances are used and watched, and what answers in a deployment's place.
@Suite struct ServingTests {
    private static let probe = ProbeSettings(
        initialDelay: 1,
        period: 2,
        timeout: 3,
        successThreshold: 4,
        failureThreshold: 5
    )

    private static var watched: DeploymentDefinition {
        var green = DeploymentDefinition.green
        green.settings = RequestSettings(timeoutMilliseconds: 7, maxConcurrent: 8, queueWaitMilliseconds: 9)
        green.liveness = probe
        green.readiness = ProbeSettings()
        green.serving = .upstream(
            UpstreamDefinition(
                urls: ["https://models.example.net/v1"],
                probe: ProbePaths(liveness: "/health", readiness: "/ready")
            )
        )
        return green
    }

    private func endpoint(_ fallback: FallbackDefinition?) throws -> EndpointDefinition {
        var endpoint = try #require(ApplyDocuments.demo.endpoints.first)
        endpoint.fallback = fallback
        return endpoint
    }

    /// The fields of everything wrong.
    private func wrong(_ edit: (inout Definitions) throws -> Void) throws -> [String] {
        var definitions = Definitions(
            tenants: [TenantDefinition(name: "demo")],
            endpoints: ApplyDocuments.demo.endpoints,
            deployments: [.blue, .green]
        )
        try edit(&definitions)
        do throws(StoreError) {
            try TemporaryStore.compiler().check(definitions, after: nil)
        } catch {
            if case .invalid(let problems) = error { return problems.map(\.field) }
        }
        return []
    }

    @Test func `everything is kept over a restart`() async throws {
        let temporary = try await TemporaryStore().configured()
        let fallback = FallbackDefinition(["green"], statuses: [503], allowsOtherModel: true)
        _ = try await temporary.store.putDeployment(Self.watched)
        _ = try await temporary.store.putEndpoint(try endpoint(fallback))
        let reopened = try temporary.reopened()
        #expect(try reopened.deployment("demo", "chat", "green") == Self.watched)
        #expect(try reopened.endpoint("demo", "chat").fallback == fallback)
        #expect(try reopened.deployment("demo", "chat", "blue") == .blue)
    }

    @Test func `what is served follows the settings`() async throws {
        let temporary = try await TemporaryStore().configured()
        _ = try await temporary.store.putDeployment(Self.watched)
        _ = try await temporary.store.putEndpoint(try endpoint(FallbackDefinition(["green"])))
        let chat = try #require(temporary.snapshots.current.tenants["demo"]?.endpoints["chat"])
        let (blue, green) = (chat.deployments[0], chat.deployments[1])
        #expect(blue.capacity == Deployment.Capacity(limit: nil, queueWait: .milliseconds(500)))
        #expect(green.capacity == Deployment.Capacity(limit: 8, queueWait: .milliseconds(9)))
        #expect(blue.probes == ProbeRule(headers: blue.headers))
        let paths = ProbePaths(liveness: "/health", readiness: "/ready")
        #expect(green.probes == ProbeRule(liveness: Self.probe, paths: paths))
        #expect(chat.fallback?.chain.first === green && chat.fallback?.statuses == [429, 502, 503, 504])
        #expect(green.instances.allSatisfy { $0.isUsable && !$0.isReady })
    }

    @Test func `a native deployment has a place for each of its worker's slots`() async throws {
        let temporary = try await TemporaryStore().configured()
        _ = try await temporary.store.registerModel(.smollm2())
        _ = try await temporary.store.putDeployment(.local)
        var local = try #require(temporary.snapshots.current.tenants["demo"]?.endpoints["chat"]?.deployments.last)
        #expect(local.name == "local" && local.capacity.limit == 2)
        #expect(local.probes.liveness == .ofWorkers && local.probes.readiness == ProbeSettings())
        var narrow = DeploymentDefinition.local
        narrow.settings.maxConcurrent = 1
        narrow.liveness = ProbeSettings(period: 7)
        _ = try await temporary.store.putDeployment(narrow)
        local = try #require(temporary.snapshots.current.tenants["demo"]?.endpoints["chat"]?.deployments.last)
        #expect(local.capacity.limit == 1 && local.probes.liveness == ProbeSettings(period: 7))
    }

    @Test func `a change of settings keeps the instances, their queue and their budget`() async throws {
        let temporary = try await TemporaryStore().configured()
        let served = { temporary.snapshots.current.tenants["demo"]?.endpoints["chat"]?.deployments[1] }
        let before = try #require(served())
        _ = try await temporary.store.putDeployment(Self.watched)
        let after = try #require(served())
        #expect(before !== after)
        #expect(before.instances.elementsEqual(after.instances, by: ===))
        #expect(before.queue === after.queue && before.budget === after.budget)
    }

    @Test func `an instance that answered is not ready by other headers before it has answered with them`() async throws
    {
        let temporary = try await TemporaryStore().configured()
        let served = { temporary.snapshots.current.tenants["demo"]?.endpoints["chat"]?.deployments[1] }
        let before = try #require(served())
        for instance in before.instances {
            instance.probed("it answered", by: before.probes, isReady: true, isOut: false, at: 0)
        }
        #expect(before.isReady)
        var green = DeploymentDefinition.green
        guard case .upstream(var upstream) = green.serving else { return }
        upstream.headers = [UpstreamHeader(name: "x-key", value: "another")]
        green.serving = .upstream(upstream)
        _ = try await temporary.store.putDeployment(green)
        #expect(served()?.isReady == false)
    }

    @Test func `deployments that were removed or refused leave no instance behind`() throws {
        let compiler = TemporaryStore.compiler()
        /// With one more deployment, on a port of its own.
        func definitions(_ port: Int, limit: Int = 1) -> Definitions {
            var passing = DeploymentDefinition.green
            passing.name = "passing-\(port)"
            passing.settings.maxConcurrent = limit
            passing.serving = .upstream(UpstreamDefinition(urls: ["https://models.example.net:\(port)/v1"]))
            return Definitions(
                tenants: [TenantDefinition(name: "demo")],
                endpoints: ApplyDocuments.demo.endpoints,
                deployments: [.blue, .green, passing]
            )
        }
        for port in 1...100 {
            _ = try compiler.compile(definitions(port))
            #expect(throws: StoreError.self) { try compiler.check(definitions(1000 + port, limit: 0), after: nil) }
        }
        let chat = try #require(try compiler.compile(definitions(9999)).tenants["demo"]?.endpoints["chat"])
        let numbers = chat.deployments.flatMap(\.instances).map(\.number)
        #expect(numbers.allSatisfy { $0 <= numbers.count }, "\(numbers)")
    }

    @Test func `an unchanged endpoint with a fallback keeps its place in the split`() async throws {
        let temporary = try await TemporaryStore().configured()
        _ = try await temporary.store.putEndpoint(try endpoint(FallbackDefinition(["green"])))
        let served = { temporary.snapshots.current.tenants["demo"]?.endpoints["chat"] }
        let before = try #require(served())
        _ = try await temporary.store.putTenant(TenantDefinition(name: "other"))
        #expect(served() === before)
        _ = try await temporary.store.putEndpoint(try endpoint(FallbackDefinition(["green"], statuses: [500])))
        #expect(served() !== before)
    }

    @Test func `settings and probes have bounds`() throws {
        #expect(try wrong { $0.deployments[1] = Self.watched } == [])
        #expect(
            try wrong {
                $0.deployments[1].settings = RequestSettings(maxConcurrent: 0, queueWaitMilliseconds: -1)
                $0.deployments[1].readiness = ProbeSettings(period: 0, failureThreshold: 0)
                $0.deployments[1].serving = .upstream(
                    UpstreamDefinition(
                        urls: ["http://a.b"],
                        probe: ProbePaths(liveness: "health", readiness: "/a b")
                    )
                )
            } == [
                "requestSettings.maxConcurrentRequestsPerInstance", "requestSettings.maxQueueWaitMs",
                "readinessProbe.period", "readinessProbe.failureThreshold", "upstream.probe.liveness",
                "upstream.probe.readiness",
            ]
        )
    }

    @Test func `a new probe waits a minute at most, and one that was stored before goes on`() async throws {
        let temporary = try await TemporaryStore().configured()
        var patient = Self.watched
        patient.liveness?.timeout = 61
        await #expect(throws: StoreError.self) { try await temporary.store.putDeployment(patient) }
        var stored = temporary.store.definitions
        stored.deployments[1] = patient
        _ = try temporary.store.compiler.compile(stored)
    }

    @Test(arguments: [
        (FallbackDefinition(["green"]), []),
        (FallbackDefinition([]), ["fallback.to"]),
        (FallbackDefinition(["red"]), ["fallback.to"]),
        (FallbackDefinition(["green", "green"]), ["fallback.to"]),
        (FallbackDefinition(["green"], statuses: [200, 600]), ["fallback.statuses", "fallback.statuses"]),
        (FallbackDefinition(["green"], statuses: [503, 503]), ["fallback.statuses"]),
    ])
    func `a fallback names deployments that there are, and statuses of failures`(
        fallback: FallbackDefinition,
        fields: [String]
    ) throws {
        #expect(try wrong { $0.endpoints[0].fallback = fallback } == fields)
    }

    @Test(arguments: [("Qwen/Qwen2.5-7B-Instruct", true), (nil, true), ("acme/other", false)])
    func `another model answers only where an admin said so`(model: String?, isTaken: Bool) throws {
        func wrong(allowsOtherModel: Bool) throws -> [String] {
            try self.wrong {
                $0.deployments[1].serving = .upstream(UpstreamDefinition(urls: ["http://a.b"], model: model))
                $0.endpoints[0].fallback = FallbackDefinition(["green"], allowsOtherModel: allowsOtherModel)
            }
        }
        #expect(try wrong(allowsOtherModel: false) == (isTaken ? [] : ["fallback.to"]))
        #expect(try wrong(allowsOtherModel: true) == [])
    }
}
