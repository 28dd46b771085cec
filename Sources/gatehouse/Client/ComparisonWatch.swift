import Foundation
import GatewayAPI
import UnixSignals

/// Follows a comparison, on standard error: one line that changes on a terminal, else lines.
///
/// Ctrl-C ends the comparison on the gateway, not the command before it has shown what came of it.
struct ComparisonWatch {
    private static let interval = Duration.milliseconds(250)
    /// Between lines.
    private static let pause = Duration.seconds(5)

    let client: AdminClient
    let tenant: TenantName
    var isTerminal = isatty(STDERR_FILENO) == 1

    /// - Returns: the comparison once it is over, with its report.
    func follow(_ begun: ComparisonResource) async throws -> ComparisonResource {
        let url = "\(tenant.url)/comparisons/\(begun.id)"
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        return try await withThrowingTaskGroup(of: ComparisonResource?.self) { group in
            group.addTask { try await watch(url) }
            group.addTask {
                for await _ in signals {
                    write("\nends the comparison\n")
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
        var lastLine: ContinuousClock.Instant?
        while true {
            let comparison: ComparisonResource = try await client.get(url)
            let left = comparison.skipped.reduce(0) { $0 + $1.count }
            let line = "\(comparison.done) of \(comparison.found) done" + (left > 0 ? ", \(left) left out" : "")
            if isTerminal {
                write("\r\u{1b}[K\(line)\(comparison.isOver ? "\n" : "")")
            } else if comparison.isOver || lastLine.map({ .now - $0 >= Self.pause }) ?? true {
                write("\(line)\n")
                lastLine = .now
            }
            if comparison.isOver { return comparison }
            try await Task.sleep(for: Self.interval)
        }
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
