import GatewayAdmin
import GatewayStore
import GatewayWorkers
import Logging

extension ModelPulls {
    /// The pulls that this configuration asks for.
    convenience init(
        store: Store,
        operations: Operations,
        fetch models: ModelFetcher,
        workers: WorkerBoard,
        _ configuration: Configuration,
        logger: Logger
    ) {
        self.init(
            store: store,
            operations: operations,
            shelf: ModelShelf(
                root: configuration.models,
                limit: configuration.pulls.limit,
                store: store,
                filesInUse: { workers.modelFiles },
                logger: logger
            ),
            fetch: models.fetch,
            logger: logger
        )
    }
}

extension Store {
    /// The worker on this socket has started.
    func noteModelUse(socket: String) {
        let instances = compiler.nativeInstances(of: definitions)
        let own = instances.filter { $0.socketPaths.contains(socket) }
        noteModelUses(Set((own.isEmpty ? instances : own).map(\.modelPath)))
    }
}
