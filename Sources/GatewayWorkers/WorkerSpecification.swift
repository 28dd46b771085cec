// `GatewayWorkers` owns the worker processes: it starts them, waits until they are ready, restarts and stops them. It knows
// nothing of requests; whether an instance may be picked is told to whoever asked, and decided there.

/// What one native deployment wants to run: a model and how many copies of it.
package struct WorkerSpecification: Sendable, Hashable {
    /// `tenant/endpoint/deployment`.
    package var id: String
    package var modelPath: String
    package var modelName: String
    package var instances: Int
    /// Where the one instance listens, when whoever wants it has already decided; else a path of our own.
    package var socketPath: String?
    /// Requests that one instance answers at once.
    package var slots: Int?
    /// Tokens per slot.
    package var context: Int?
    package var threads: Int?
    /// Further arguments, as they are.
    package var arguments: [String]

    package init(id: String, modelPath: String, modelName: String, instances: Int = 1) {
        self.id = id
        self.modelPath = modelPath
        self.modelName = modelName
        self.instances = instances
        socketPath = nil
        arguments = []
    }
}

extension WorkerSpecification {
    /// One wanted copy; two specifications that differ in more than the number of copies share none.
    struct Copy: Hashable {
        let specification: WorkerSpecification
        let index: Int
    }

    var copies: [Copy] {
        var shape = self
        shape.instances = 0
        return (0..<max(0, instances)).map { Copy(specification: shape, index: $0) }
    }

    /// The command line of one copy.
    func commandLine(socket: String) -> [String] {
        let options: [(String, String?)] = [
            ("--model", modelPath),
            ("--socket", socket),
            ("--name", modelName),
            ("--slots", slots.map(String.init)),
            ("--context", context.map(String.init)),
            ("--threads", threads.map(String.init)),
        ]
        return options.flatMap { name, value in value.map { [name, $0] } ?? [] } + arguments
    }
}
