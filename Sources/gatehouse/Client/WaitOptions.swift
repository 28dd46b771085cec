import ArgumentParser

/// Whether a command waits for what it has begun.
struct WaitOptions: ParsableArguments {
    @Flag(help: "Do not wait until it is over: every deployment has a ready instance, or is gone.") var noWait = false
    @Option(
        name: [.customLong("wait-time"), .customLong("timeout")],
        help: "How long to wait, in seconds; left out, until its own deadline."
    )
    var waitTime: Int?

    func validate() throws {
        guard (1...86_400).contains(waitTime ?? 1) else {
            throw ValidationError("--wait-time must be 1 to 86400 seconds")
        }
    }

    /// - Parameter operation: `nil` where nothing was begun.
    func follow(_ operation: String?, _ client: AdminClient) async throws {
        guard let operation, !noWait else { return }
        try await OperationWatch(client: client, limit: waitTime.map { .seconds($0) }).follow(operation)
    }
}
