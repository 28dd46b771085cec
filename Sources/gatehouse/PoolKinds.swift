import GatewayCore
import GatewayStore
import NIOPosix

/// Tells the pools of native deployments whether their models' answers have tokens, as their files' headers say.
actor PoolKinds {
    private let pool: @Sendable (InstanceAddress) -> WorkerPool
    /// By the socket of the first worker, which changes with the model.
    private var known: [String: Bool] = [:]

    init(pool: @escaping @Sendable (InstanceAddress) -> WorkerPool) { self.pool = pool }

    func tell(_ instances: [NativeInstance]) async {
        let sockets = Set(instances.compactMap(\.socketPaths.first))
        known = known.filter { sockets.contains($0.key) }
        for instance in instances {
            guard let socket = instance.socketPaths.first, let address = instance.addresses.first else { continue }
            if known[socket] == nil { known[socket] = await Self.hasOutput(instance.modelPath) }
            pool(address).hasOutput = known[socket] ?? true
        }
    }

    /// - Returns: `nil` for a file that cannot be read, which is looked at again after the next change.
    private static func hasOutput(_ path: String) async -> Bool? {
        try? await NIOThreadPool.singleton.runIfActive { try ModelHeader(path: path).kind != .embedding }
    }
}
