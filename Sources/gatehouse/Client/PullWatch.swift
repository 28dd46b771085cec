import Foundation
import GatewayAPI
import GatewayAdmin

/// Follows a model that is pulled, on standard error: with a bar on a terminal.
struct PullWatch {
    private static let interval = Duration.milliseconds(250)

    let client: AdminClient

    /// - Returns: the operation, which has succeeded.
    func follow(_ id: String) async throws -> OperationResource {
        report("operation \(id); it goes on without this command, and gatehouse operations cancel \(id) ends it")
        var told = 0
        var line = ProgressLine()
        while true {
            let operation: OperationResource = try await client.get("/api/v1/operations/\(id)")
            for step in operation.steps.dropFirst(told) {
                line.interrupt(Self.clean("\(step.elapsed) | \(step.text)") + "\n")
            }
            told = max(told, operation.steps.count)
            if operation.isOver { return try check(operation) }
            if let progress = operation.progress {
                let text = ProgressText(progress)
                line.tell(Self.clean(text.line), bar: Self.clean(text.bar(width: 30)))
            }
            try await Task.sleep(for: Self.interval)
        }
    }

    private func check(_ operation: OperationResource) throws -> OperationResource {
        guard operation.status != "Succeeded" else { return operation }
        throw ClientError(operation.error?.message ?? "the operation \(operation.id) has failed")
    }

    /// Names of files come from elsewhere: they move no cursor.
    private static func clean(_ text: String) -> String {
        String(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : Character($0) })
    }
}

/// How far a download is, in words and as a bar.
struct ProgressText {
    let progress: OperationProgress

    init(_ progress: OperationProgress) {
        self.progress = progress
    }

    /// `1.2 GiB of 2.8 GiB (42 %), 35 MiB/s, 0:45 left`.
    var line: String {
        let total = progress.total.map { " of \(ByteText.text($0))" } ?? ""
        let percent = share.map { " (\(Int($0 * 100)) %)" } ?? ""
        let left = progress.secondsLeft.map { ", \(Self.clock($0)) left" } ?? ""
        return
            "\(ByteText.text(progress.received))\(total)\(percent), \(ByteText.text(progress.bytesPerSecond))/s\(left)"
    }

    /// `[######......] ` and the line.
    func bar(width: Int) -> String {
        guard let share else { return line }
        let full = Int(share * Double(width))
        return "[" + String(repeating: "#", count: full) + String(repeating: ".", count: width - full) + "] " + line
    }

    /// From 0 to 1.
    private var share: Double? {
        guard let total = progress.total, total > 0 else { return nil }
        return min(1, max(0, Double(progress.received) / Double(total)))
    }

    /// `0:45`, `1:02:03`.
    static func clock(_ seconds: Int64) -> String {
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let minutes = seconds / 60
        return minutes < 60
            ? "\(minutes):\(two(seconds % 60))" : "\(minutes / 60):\(two(minutes % 60)):\(two(seconds % 60))"
    }
}
