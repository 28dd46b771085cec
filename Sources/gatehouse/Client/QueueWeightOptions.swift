import ArgumentParser
import GatewayCore

/// What a tenant or a named key weighs where requests wait, on the command line.
struct QueueWeightOptions: ParsableArguments {
    @Option(help: "Its turns in the queue of a full deployment, for every one of weight 1: 1 to 100; a new one has 1.")
    var queueWeight: Int?

    func validate() throws {
        let range = QueueWeight.range
        guard let queueWeight, !range.contains(queueWeight) else { return }
        throw ValidationError("--queue-weight must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
}
