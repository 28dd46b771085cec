// `GatewayWorkers` owns the worker processes: it starts them, waits until they are ready, restarts and stops them. It knows
// nothing of requests; whether an instance may be picked is told to whoever asked, and decided there.

/// What one native deployment wants to run: a model and how many copies of it.
package struct WorkerSpecification: Sendable, Hashable {
    /// `tenant/endpoint/deployment`.
    package var id: String
    package var modelPath: String
    package var modelName: String
    var bounds: PoolScale.Bounds
    /// Where each instance listens, when whoever wants them has already decided; else paths of our own.
    package var socketPaths: [String]
    package var limits = WorkerLimits()
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
        bounds = PoolScale.Bounds(least: instances, most: max(1, instances))
        socketPaths = []
        arguments = []
    }

    /// Lets their number follow what there is to do.
    ///
    /// - Parameters:
    ///   - target: requests per instance above which one more is started.
    ///   - idle: how long fewer must have been enough before one is stopped.
    package mutating func scale(_ range: ClosedRange<Int>, target: Int, idle: Duration) {
        bounds = PoolScale.Bounds(
            least: range.lowerBound,
            most: max(1, range.upperBound),
            idle: idle,
            target: max(1, target)
        )
    }
}

extension WorkerSpecification {
    /// One copy; two specifications that differ in more than the number of copies share none.
    struct Copy: Hashable {
        let specification: WorkerSpecification
        let index: Int
    }

    /// What is the same of all copies, whatever their number.
    var shape: WorkerSpecification {
        var shape = self
        shape.bounds = PoolScale.Bounds(least: 0, most: 0)
        shape.socketPaths = socketPaths.first.map { [$0] } ?? []
        return shape
    }

    /// Every copy that there may be.
    var copies: [Copy] { (0..<bounds.most).map { Copy(specification: shape, index: $0) } }

    /// What every worker is told: where the engine's loadable backends are, and how long a step may take.
    static func arguments(backends: String?, stepLimit: Duration? = nil) -> [String] {
        (backends.map { ["--backends", $0] } ?? [])
            + (stepLimit.map { ["--step-seconds", "\($0.components.seconds)"] } ?? [])
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
