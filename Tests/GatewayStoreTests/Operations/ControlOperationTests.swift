import Foundation
import Testing

@testable import GatewayStore

@Suite struct OperationTests {
    private static let blue = "demo/chat/blue"

    private func operation(_ targets: [ControlOperation.Target]) -> ControlOperation {
        ControlOperation(
            id: "1",
            resource: "demo/chat/blue",
            tenants: ["demo"],
            startedAt: 1_000_000,
            state: .creating,
            targets: targets
        )
    }

    @Test func `what needs no instance succeeds when it is published`() {
        var change = operation([])
        change.published(after: 0)
        #expect(change.state == .succeeded && change.finishedAt == 1_000_000)
        #expect(change.steps.map(\.text) == ["configuration stored and served", "succeeded"])
    }

    @Test func `a deployment is created until an instance is ready, and each instance is a step`() {
        var change = operation([ControlOperation.Target(Self.blue, deadline: 5000)])
        change.published(after: 0)
        #expect(change.state == .creating && change.finishedAt == nil)
        #expect(!change.advance(after: 100) { _ in DeploymentReadiness(instances: 3, ready: 0) })
        #expect(change.advance(after: 4900) { _ in DeploymentReadiness(instances: 3, ready: 2) })
        #expect(change.state == .succeeded && change.finishedAt == 1_004_900)
        #expect(
            change.steps.map(\.text) == [
                "configuration stored and served", "\(Self.blue): instance 1 ready", "\(Self.blue): instance 2 ready",
                "succeeded",
            ]
        )
        #expect(change.steps.map(\.elapsed) == [0, 4900, 4900, 4900])
        #expect(!change.advance(after: 9000) { _ in nil })
    }

    @Test func `without a ready instance it fails at its deadline with the last probe's answer`() {
        var change = operation([ControlOperation.Target(Self.blue, deadline: 5000)])
        let unready = DeploymentReadiness(instances: 1, ready: 0, lastAnswer: "GET /ready was answered 503")
        #expect(!change.advance(after: 4999) { _ in unready })
        #expect(change.advance(after: 5000) { _ in unready })
        #expect(change.state == .failed && change.finishedAt == 1_005_000)
        #expect(change.failure?.code == "DeploymentNotReady")
        #expect(change.failure?.message.hasSuffix("after 5 s; its last probe: GET /ready was answered 503") == true)
    }

    @Test func `an earlier configuration that still answers keeps it from succeeding`() {
        var change = operation([ControlOperation.Target(Self.blue, deadline: 5000)])
        #expect(change.advance(after: 1) { _ in DeploymentReadiness(instances: 1, ready: 1, replaced: 1) })
        #expect(change.state == .creating)
        #expect(change.advance(after: 2) { _ in DeploymentReadiness(instances: 1, ready: 1) })
        #expect(change.state == .succeeded)
    }

    @Test func `several deployments have a deadline each, and the state of each is told`() {
        var change = operation([
            ControlOperation.Target(Self.blue, deadline: 5000),
            ControlOperation.Target("demo/chat/green", deadline: 1000),
        ])
        let blueOnly = { (path: String) in DeploymentReadiness(instances: 1, ready: path == Self.blue ? 1 : 0) }
        _ = change.advance(after: 10, blueOnly)
        #expect(change.state(of: Self.blue) == .succeeded && change.state(of: "demo/chat/green") == .creating)
        _ = change.advance(after: 1000, blueOnly)
        #expect(change.state == .failed)
        #expect(change.state(of: Self.blue) == .succeeded && change.state(of: "demo/chat/green") == .failed)
    }

    @Test func `a deployment that is removed, or changed again, ends it`() {
        var removed = operation([ControlOperation.Target(Self.blue, deadline: 5000)])
        #expect(removed.advance(after: 3) { _ in nil })
        #expect(removed.failure?.code == "DeploymentRemoved")
        var replaced = operation([ControlOperation.Target(Self.blue, deadline: 5000)])
        replaced.superseded(by: "2", after: 7)
        #expect(replaced.state == .failed && replaced.failure?.code == "Superseded")
        replaced.superseded(by: "3", after: 8)
        #expect(replaced.failure?.message.contains("2") == true)
    }

    @Test func `what is only waited for has the time of its own operation`() {
        var own = operation([ControlOperation.Target(Self.blue, deadline: 5000)])
        var change = operation([ControlOperation.Target(Self.blue, isAwaited: true, deadline: 5000)])
        func unready(_: String) -> DeploymentReadiness? {
            DeploymentReadiness(instances: 1, ready: 0, lastAnswer: "503")
        }
        let before = change.advance(after: 9000, unready, own: { [own] _ in own })
        own.fail("DeploymentNotReady", "no", after: 9100)
        let after = change.advance(after: 9200, unready, own: { [own] _ in own })
        #expect(!before && after)
        #expect(change.failure?.message == "\(Self.blue) had no ready instance after 5 s; its last probe: 503")
        // Without one, or when that was over before, it has its own.
        var later = operation([ControlOperation.Target(Self.blue, isAwaited: true, deadline: 5000)])
        #expect(!later.advance(after: 4999) { unready($0) })
        #expect(later.advance(after: 5000) { unready($0) })
    }

    @Test func `a target of before operations waited for others' deployments is read`() throws {
        let text = #"{"deployment":"demo/chat/blue","isNew":true,"deadline":5,"ready":1,"isDone":true}"#
        let target = try JSONDecoder().decode(ControlOperation.Target.self, from: Data(text.utf8))
        #expect(!target.isAwaited && target.isNew && target.isDone && target.ready == 1)
    }

    @Test func `an operation is stored as it stands, and taken up again`() async throws {
        let temporary = try TemporaryStore()
        var change = operation([ControlOperation.Target(Self.blue, deadline: 5000)])
        change.published(after: 0)
        try await temporary.store.save { [change] in [change] }
        _ = change.advance(after: 7000) { _ in DeploymentReadiness(instances: 1, ready: 0) }
        try await temporary.store.save { [change] in [change] }
        #expect(try await temporary.reopened().operations() == [change])
        try await temporary.store.save(forgetting: [change.id]) { [] }
        #expect(try await temporary.store.operations().isEmpty)
    }

    @Test func `an operation is stored with its change, or not at all`() async throws {
        let temporary = try await TemporaryStore().configured()
        var origin = ChangeOrigin(author: "alice", address: "127.0.0.1", request: "PUT /x")
        origin.operation = operation([])
        await #expect(throws: StoreError.self) {
            try await ChangeOrigin.$current.withValue(origin) { try await temporary.store.deleteTenant("nobody") }
        }
        #expect(try await temporary.store.operations().isEmpty)
        _ = try await ChangeOrigin.$current.withValue(origin) { try await temporary.store.suspendTenant("demo") }
        #expect(try await temporary.store.operations().map(\.id) == ["1"])
    }
}
