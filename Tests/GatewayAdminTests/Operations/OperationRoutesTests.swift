import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Logging
import Testing

@testable import GatewayAdmin

@Suite struct OperationRoutesTests {
    private static let blue = "/api/v1/tenants/demo/endpoints/chat/deployments/blue"
    private static let body = #"{"upstream":{"urls":["http://127.0.0.1:9000"]}}"#
    private static let location = HTTPField.Name.operationLocation

    @Test func `a deployment is Creating until it is ready, and its operation tells each step`() async throws {
        let fixture = try await AdminFixture()
        let (readiness, operations) = (fixture.readiness, fixture.controlPlane.operations)
        try await fixture.withClient { client in
            try await client.prepare()
            let made = try await client.send(.get, Self.blue).decode(DeploymentResource.self)
            #expect(made.provisioningState == "Creating" && made.isReady == false)
            let list = try await client.get(
                ResourceList<OperationResource>.self,
                "/api/v1/operations?resource=demo/chat/blue"
            )
            let id = try #require(list.value.first?.id)
            readiness.set("demo/chat/blue", ready: 1)
            await operations.advance()
            let over = try await client.get(OperationResource.self, "/api/v1/operations/\(id)")
            #expect(over.status == "Succeeded" && over.endTime != nil && over.error == nil)
            let told = ["configuration stored and served", "demo/chat/blue: instance 1 ready", "succeeded"]
            #expect(over.steps.map(\.text) == told)
            #expect(over.steps.allSatisfy { $0.elapsed.hasPrefix("0:00:0") && $0.elapsed.contains(".") })
            let after = try await client.send(.get, Self.blue).decode(DeploymentResource.self)
            #expect(after.provisioningState == "Succeeded" && after.isReady == true)
        }
    }

    @Test func `a change of what is ready already is over when it is answered`() async throws {
        let fixture = try await AdminFixture()
        fixture.readiness.set("demo/chat/blue", ready: 1)
        try await fixture.withClient { client in
            try await client.prepare()
            let again = try await client.send(.put, Self.blue, Self.body)
            #expect(again.status == 200)
            let uri = try #require(again.headers[Self.location])
            #expect(try await client.get(OperationResource.self, uri).status == "Succeeded")
            #expect(try again.decode(DeploymentResource.self).provisioningState == "Succeeded")
        }
    }

    @Test func `a later change takes the place of one that is under way`() async throws {
        let fixture = try await AdminFixture()
        try await fixture.withClient { client in
            try await client.prepare()
            let first = try #require(try await client.send(.put, Self.blue, Self.body).headers[Self.location])
            let body = #"{"upstream":{"urls":["http://127.0.0.1:9001"]}}"#
            let second = try #require(try await client.send(.put, Self.blue, body).headers[Self.location])
            let replaced = try await client.get(OperationResource.self, first)
            #expect(replaced.status == "Failed" && replaced.error?.code == "Superseded")
            #expect(try await client.get(OperationResource.self, second).status == "Updating")
        }
    }

    @Test func `of two changes whose answers come in reverse the later one's operation stands`() async throws {
        let fixture = try await AdminFixture()
        try await fixture.withClient { client in try await client.prepare() }
        let (store, operations) = (fixture.controlPlane.store, fixture.controlPlane.operations)
        let before = try store.deployment("demo", "chat", "blue")
        func plan() -> OperationPlan { OperationPlan(putting: before, isNew: false) }
        func change(_ timeout: Int) async throws {
            var changed = before
            changed.settings.timeoutMilliseconds = timeout
            _ = try await store.putDeployment(changed)
        }
        // The first is committed, then the second, whose request is done first.
        let first = try await operations.perform(plan()) {
            try await change(1000)
            return try await operations.perform(plan()) { try await change(2000) }.operation
        }
        let (earlier, later) = (first.operation.id, first.value.id)
        #expect(operations.operation(earlier)?.failure?.code == "Superseded")
        #expect(operations.latest(of: "demo/chat/blue")?.id == later)
        fixture.readiness.set("demo/chat/blue", ready: 1)
        await operations.advance()
        #expect(operations.operation(later)?.state == .succeeded)
        let stored = try await store.operations()
        #expect(stored.first { $0.id == earlier }?.state == .failed)
        #expect(stored.first { $0.id == later }?.state == .succeeded)
    }

    @Test func `repeating an identical PUT leaves the first operation under way`() async throws {
        let fixture = try await AdminFixture()
        try await fixture.withClient { client in
            try await client.prepare()
            let body = #"{"upstream":{"urls":["http://127.0.0.1:9001"]}}"#
            let first = try #require(try await client.send(.put, Self.blue, body).headers[Self.location])
            let second = try #require(try await client.send(.put, Self.blue, body).headers[Self.location])
            #expect(first == second)
            #expect(try await client.get(OperationResource.self, first).status == "Updating")
        }
    }

    @Test func `what is refused begins no operation, and what is removed has one that is over`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let count = try await client.get(ResourceList<OperationResource>.self, "/api/v1/operations").value.count
            #expect(try await client.send(.put, Self.blue, #"{"upstream":{"urls":["ftp://x"]}}"#).status == 400)
            let list = try await client.get(ResourceList<OperationResource>.self, "/api/v1/operations")
            #expect(list.value.count == count)
            let gone = try await client.send(.delete, Self.blue)
            let uri = try #require(gone.headers[Self.location])
            #expect(gone.status == 204)
            #expect(try await client.get(OperationResource.self, uri).status == "Succeeded")
            #expect(try await client.send(.get, "/api/v1/operations/none").status == 404)
        }
    }

    @Test func `an apply names the operation of all its deployments`() async throws {
        let fixture = try await AdminFixture()
        let (readiness, operations) = (fixture.readiness, fixture.controlPlane.operations)
        try await fixture.withClient { client in
            let body = #"""
                {"endpoints":[{"tenant":"demo","name":"chat"}],"deployments":[
                 {"tenant":"demo","endpoint":"chat","name":"blue","upstream":{"urls":["http://127.0.0.1:1"]}},
                 {"tenant":"demo","endpoint":"chat","name":"ready","upstream":{"urls":["http://127.0.0.1:2"]}}]}
                """#
            let result = try await client.send(.post, "/api/v1/apply", body).decode(ApplyResult.self)
            let uri = "/api/v1/operations/\(try #require(result.operation))"
            #expect(try await client.get(OperationResource.self, uri).status == "Updating")
            let states = try await client.get(
                ResourceList<DeploymentResource>.self,
                "/api/v1/tenants/demo/endpoints/chat/deployments"
            ).value.map(\.provisioningState)
            #expect(states == ["Creating", "Succeeded"])
            readiness.set("demo/chat/blue", ready: 1)
            await operations.advance()
            #expect(try await client.get(OperationResource.self, uri).status == "Succeeded")
            readiness.set("demo/chat/blue", ready: 0)
            let again = try await client.send(.post, "/api/v1/apply", body).decode(ApplyResult.self)
            let third = try await client.send(.post, "/api/v1/apply", body).decode(ApplyResult.self)
            #expect(again.operation != third.operation)
            let dry = try await client.send(.post, "/api/v1/apply", #"{"dryRun":true}"#).decode(ApplyResult.self)
            #expect(dry.operation == nil)
        }
    }

    @Test func `an apply of traffic alone waits for the deployments that get some`() async throws {
        let fixture = try await AdminFixture()
        let (readiness, operations) = (fixture.readiness, fixture.controlPlane.operations)
        try await fixture.withClient { client in
            try await client.prepare()
            let body = #"{"endpoints":[{"tenant":"demo","name":"chat","traffic":{"blue":100}}]}"#
            let result = try await client.send(.post, "/api/v1/apply", body).decode(ApplyResult.self)
            let uri = "/api/v1/operations/\(try #require(result.operation))"
            #expect(try await client.get(OperationResource.self, uri).status == "Updating")
            #expect(operations.provisioningState(of: "demo/chat/blue") == .creating)
            readiness.set("demo/chat/blue", ready: 1)
            await operations.advance()
            #expect(try await client.get(OperationResource.self, uri).status == "Succeeded")
        }
    }

    @Test func `operations outlast the process, and go on after it`() async throws {
        let fixture = try await AdminFixture()
        try await fixture.withClient { client in try await client.prepare() }
        fixture.readiness.set("demo/chat/blue", ready: 0)
        let plane = fixture.controlPlane
        let next = try await Operations(store: plane.store, readiness: plane.readiness, logger: .init(label: "test"))
        #expect(next.provisioningState(of: "demo/chat/blue") == .creating)
        fixture.readiness.set("demo/chat/blue", ready: 2)
        await next.advance()
        #expect(next.provisioningState(of: "demo/chat/blue") == .succeeded)
        #expect(try await plane.store.operations().allSatisfy { $0.state == .succeeded })
    }

    private static func operation(_ id: String, _ resource: String, of tenant: String) -> ControlOperation {
        ControlOperation(
            id: id,
            resource: resource,
            tenants: [tenant],
            startedAt: 0,
            state: .creating,
            targets: []
        )
    }

    @Test func `what one tenant does makes no other's operation go, nor the last one of what is there`() {
        var ledger = OperationLedger(bound: 10)
        var failed = Self.operation("failed", "other/e/d", of: "other")
        failed.fail("DeploymentNotReady", "no", after: 1)
        var kept = Self.operation("kept", "demo/e/kept", of: "demo")
        kept.fail("DeploymentNotReady", "no", after: 1)
        var gone: [String] = []
        for operation in [failed, kept] { gone += ledger.put(operation) { ["demo/e/kept"] } }
        for index in 0..<100 {
            var operation = Self.operation("\(index)", "demo/e/\(index)", of: "demo")
            operation.published(after: 0)
            gone += ledger.put(operation) { ["demo/e/kept"] }
        }
        #expect(ledger.newest.count == 11 && gone.count == 91)
        #expect(ledger.latest(of: "other/e/d")?.state == .failed)
        #expect(ledger.latest(of: "demo/e/kept")?.state == .failed)
        #expect(ledger.latest(of: "demo/e/0") == nil && ledger.latest(of: "demo/e/99") != nil)
    }

    @Test func `the ledger forgets the oldest that are over`() {
        var ledger = OperationLedger(bound: 10)
        var gone: [String] = []
        for index in 0..<40 {
            var operation = ControlOperation(
                id: "\(index)",
                resource: "demo/e/\(index)",
                tenants: ["demo"],
                startedAt: Int64(index),
                state: .creating,
                targets: index == 0 ? [ControlOperation.Target("demo/e/0", deadline: 1)] : []
            )
            operation.published(after: 0)
            gone += ledger.put(operation) { [] }
        }
        #expect(ledger.newest.count <= 10 && ledger["0"] != nil && ledger["39"] != nil)
        #expect(gone.count + ledger.newest.count == 40 && !gone.contains("0"))
        #expect(ledger.latest(of: "demo/e/1") == nil && ledger.latest(of: "demo/e/39") != nil)
    }
}
