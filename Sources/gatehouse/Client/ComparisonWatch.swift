import Foundation
import GatewayAPI
import UnixSignals

/// Follows a comparison, on standard error.
///
/// Ctrl-C ends the comparison on the gateway, not the command before it has shown what came of it.
struct ComparisonWatch {
    private static let interval = Duration.milliseconds(250)

    let client: AdminClient
    let tenant: TenantName

    /// - Returns: the comparison once it is over, with its report.
    func follow(_ begun: ComparisonResource) async throws -> ComparisonResource {
        let url = "\(tenant.url)/comparisons/\(begun.id)"
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        return try await withThrowingTaskGroup(of: ComparisonResource?.self) { group in
            group.addTask { try await watch(url) }
            group.addTask {
                for await _ in signals {
                    FileHandle.standardError.write(Data("\nends the comparison\n".utf8))
                    // One that is over in the same moment cannot be ended, and is shown all the same.
                    let _: ComparisonResource? = try? await client.post("\(url)/cancel", Nothing())
                }
                return nil
            }
            defer { group.cancelAll() }
            while let over = try await group.next() { if let over { return over } }
            throw ClientError("the comparison \(begun.id) was lost")
        }
    }

    private func watch(_ url: String) async throws -> ComparisonResource {
        var progress = ProgressLine()
        while true {
            let comparison: ComparisonResource = try await client.get(url)
            let left = comparison.skipped.reduce(0) { $0 + $1.count }
            let line = "\(comparison.done) of \(comparison.found) done" + (left > 0 ? ", \(left) left out" : "")
            progress.tell(line, isLast: comparison.isOver)
            if comparison.isOver { return comparison }
            try await Task.sleep(for: Self.interval)
        }
    }
}
