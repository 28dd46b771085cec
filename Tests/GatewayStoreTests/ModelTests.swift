import GatewayCore
import Testing

@testable import GatewayStore

@Suite struct ModelTests {
    @Test func `versions are numbered when none is given`() async throws {
        let store = try await TemporaryStore().configured().store
        #expect(try await store.registerModel(.smollm2(digit: "a")).model.version == "1")
        #expect(try await store.registerModel(.smollm2(digit: "b")).model.version == "2")
        #expect(try await store.registerModel(.smollm2(version: "7", digit: "c")).model.version == "7")
        #expect(try await store.registerModel(.smollm2(digit: "d")).model.version == "8")
        #expect(try store.models(of: "demo").map(\.version) == ["1", "2", "7", "8"])
        #expect(try store.model("demo", ModelReference(name: "smollm2", version: nil)).version == "8")
    }

    @Test func `the same content again is the same version`() async throws {
        let store = try await TemporaryStore().configured().store
        _ = try await store.registerModel(.smollm2())
        let again = try await store.registerModel(.smollm2())
        #expect(again.model.version == "1" && again.outcome == .unchanged)
        #expect(try await store.registerModel(.smollm2(version: "1")).outcome == .unchanged)
    }

    @Test func `a version never changes its content`() async throws {
        let store = try await TemporaryStore().configured().store
        _ = try await store.registerModel(.smollm2(version: "1"))
        await #expect(throws: StoreError.self) { try await store.registerModel(.smollm2(version: "1", digit: "b")) }
        #expect(try store.models(of: "demo").map(\.path) == ["/models/a.gguf"])
    }

    @Test(arguments: [
        ModelRegistration(tenant: "demo", name: "a/b", path: "/x", sha256: String(repeating: "0", count: 64), size: 1),
        ModelRegistration(tenant: "demo", name: "a", path: "x", sha256: String(repeating: "0", count: 64), size: 1),
        ModelRegistration(tenant: "demo", name: "a", path: "/x", sha256: String(repeating: "A", count: 64), size: 1),
        ModelRegistration(tenant: "demo", name: "a", path: "/x", sha256: "", size: 1),
        ModelRegistration(tenant: "demo", name: "a", path: "/x", sha256: String(repeating: "0", count: 64), size: 0),
        ModelRegistration(tenant: "none", name: "a", path: "/x", sha256: String(repeating: "0", count: 64), size: 1),
    ])
    func `a registration that says too little or wrong is refused`(registration: ModelRegistration) async throws {
        let store = try await TemporaryStore().configured().store
        #expect(await problems { _ = try await store.registerModel(registration) }.count == 1)
    }

    @Test func `a native deployment follows the newest version of its model`() async throws {
        let temporary = try await TemporaryStore().configured()
        let store = temporary.store
        #expect(await problems { _ = try await store.putDeployment(.local) } == [.modelNotRegistered])
        _ = try await store.registerModel(.smollm2(digit: "a"))
        _ = try await store.putDeployment(.local)
        let first = try #require(store.compiler.nativeInstances(of: store.definitions).first)
        #expect(first.resource == "demo/chat/local")
        #expect(first.modelPath == "/models/a.gguf" && first.modelLabel == "smollm2:1")
        _ = try await store.registerModel(.smollm2(digit: "b"))
        let second = try #require(store.compiler.nativeInstances(of: store.definitions).first)
        #expect(second.modelLabel == "smollm2:2" && second.socketPaths != first.socketPaths)
        let deployment = temporary.snapshots.current.tenants["demo"]?.endpoints["chat"]?.deployments.last
        #expect(deployment?.modelLabel == "smollm2:2")
        #expect(deployment?.isNative == true && deployment?.instances.first?.isReady == false)
    }
}
