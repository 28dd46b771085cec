import GatewayAPI

/// Follows a long change until it is over, and tells each step on standard error.
struct OperationWatch {
    private static let interval = Duration.milliseconds(250)

    let client: AdminClient
    /// `nil` = until it is over, which the gateway sees to.
    let limit: Duration?

    /// - Throws: when it has failed, or is not over in time.
    func follow(_ id: String) async throws {
        let deadline = limit.map { ContinuousClock.now + $0 }
        var told = 0
        while true {
            let operation: OperationResource = try await client.get("/api/v1/operations/\(id)")
            for step in operation.steps.dropFirst(told) { report("\(step.elapsed) | \(step.text)") }
            told = max(told, operation.steps.count)
            if operation.isOver { return try check(operation) }
            if let deadline, ContinuousClock.now >= deadline { throw late(operation) }
            try await Task.sleep(for: Self.interval)
        }
    }

    private func check(_ operation: OperationResource) throws {
        guard operation.status != "Succeeded" else { return }
        throw ClientError(
            operation.error?.message ?? "the operation \(operation.id) has failed",
            details: operation.isPull
                ? [] : ["the change is stored; gatehouse deployments show tells how a deployment is now"]
        )
    }

    private func late(_ operation: OperationResource) -> ClientError {
        ClientError(
            "stored, but still \(operation.status) after \(limit?.components.seconds ?? 0) s",
            details: ["it goes on: gatehouse operations wait \(operation.id)"]
        )
    }
}

extension OperationResource {
    /// Whether it fetches a model: no name of anything else has a version.
    fileprivate var isPull: Bool { resource.contains("@") || resource.contains(":") }
}
