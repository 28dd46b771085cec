import GatewayCore

/// Compiles a deployment that the embedded pool serves.
extension DeploymentCompiler {
    func compile(
        _ definition: DeploymentDefinition,
        _ native: NativeDefinition,
        in definitions: Definitions
    ) throws(Failure) -> DeploymentParts {
        let wanted = try nativeInstance(definition, native, in: definitions)
        let workers = instances.workers(of: definition.path, at: wanted.addresses)
        let pool = instances.pool(at: wanted.addresses[0])
        var parts = parts(of: definition, workers, modelLabel: wanted.modelLabel, in: definitions)
        parts.pool = pool
        parts.currentWorkers = wanted.addresses.count
        return parts
    }

    func nativeInstance(
        _ definition: DeploymentDefinition,
        _ native: NativeDefinition,
        in definitions: Definitions
    ) throws(Failure) -> NativeInstance {
        var problems = problems(of: native, definition.path)
        let model = definition.model.flatMap { definitions.model(definition.tenant, $0) }
        let sockets = NativeInstance.socketPaths(of: definition.path, model: model, native, in: runtimeDirectory)
        if let socket = sockets.last, socket.utf8.count > Self.longestSocketPath {
            let message = "the socket path \(socket) is over 107 bytes; set a shorter workers.runtime in gatehouse.yaml"
            problems.append(Problem(.invalidValue, definition.path, field: "native", message))
        }
        if model == nil {
            let message =
                definition.model.map {
                    "\($0.text) is not registered; run: gatehouse models register \(definition.tenant)/\($0.name)"
                }
                ?? "a native deployment needs a model; name a registered one as azureml:NAME:VERSION"
            problems.append(Problem(.modelNotRegistered, definition.path, field: "model", message))
        }
        guard problems.isEmpty, let model else { throw Failure(problems: problems) }
        return NativeInstance(
            resource: definition.path,
            modelPath: model.path,
            modelLabel: model.label,
            socketPaths: sockets,
            definition: native,
            concurrency: definition.concurrencyLimit ?? native.slots
        )
    }

    private func problems(of native: NativeDefinition, _ resource: String) -> [Problem] {
        var problems: [Problem] = []
        func note(_ field: String, _ message: String) {
            problems.append(Problem(.invalidValue, resource, field: "native.\(field)", message))
        }
        if native.engine != "llama" { note("engine", "\(native.engine) is not an engine; the one there is is llama") }
        let (slots, contexts) = (NativeDefinition.slotRange, NativeDefinition.contextRange)
        let threads = NativeDefinition.threadRange
        if !slots.contains(native.slots) { note("slots", "must be \(slots.lowerBound) to \(slots.upperBound)") }
        if native.context != 0, !contexts.contains(native.context) {
            note("context", "must be 0 (the model's own), or \(contexts.lowerBound) to \(contexts.upperBound) tokens")
        }
        if !threads.contains(native.threads) {
            note("threads", "must be 0 (chosen for this machine) to \(threads.upperBound)")
        }
        problems += scaleProblems(of: native, resource)
        return problems
    }

    private func scaleProblems(of native: NativeDefinition, _ resource: String) -> [Problem] {
        var problems: [Problem] = []
        func check(_ field: String, _ value: Int?, _ range: ClosedRange<Int>) {
            guard let value, !range.contains(value) else { return }
            let message = "must be \(range.lowerBound) to \(range.upperBound)"
            problems.append(Problem(.invalidValue, resource, field: "native.\(field)", message))
        }
        check("minInstances", native.scale.least, InstanceScale.leastRange)
        check("maxInstances", native.scale.most, InstanceScale.mostRange)
        check("idleSeconds", native.scale.idleSeconds, InstanceScale.idleRange)
        check("targetRequests", native.scale.targetRequests, InstanceScale.targetRange)
        check("startSeconds", native.startSeconds, NativeDefinition.startRange)
        check("memoryMb", native.memoryMegabytes, NativeDefinition.memoryRange)
        if native.scale.most < native.scale.least {
            let message = "is less than minInstances = \(native.scale.least)"
            problems.append(Problem(.invalidValue, resource, field: "native.maxInstances", message))
        }
        return problems
    }
}
