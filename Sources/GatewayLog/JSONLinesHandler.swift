import Foundation
package import Logging
import Synchronization

/// Writes one JSON object per event to standard error, on one line whatever the event holds (SECURITY D-2).
///
/// This module owns the form of log messages of the gateway and its workers. It knows nothing of what is logged.
package struct JSONLinesHandler: LogHandler {
    /// Writes one line, with its end.
    package typealias Sink = @Sendable ([UInt8]) -> Void

    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level
    private let sink: Sink

    package init(level: Logger.Level = .info, sink: @escaping Sink = Self.standardError) {
        logLevel = level
        self.sink = sink
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var line = JSONLogLine(
            time: Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)),
            level: event.level.rawValue,
            message: "\(event.message)"
        )
        if let error = event.error { line.add("error", "\(error)") }
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        for (name, value) in all.sorted(by: { $0.key < $1.key }) { line.add(name, "\(value)") }
        sink(line.bytes)
    }

    /// A pipe takes long lines in parts, between which another thread's must not come.
    private static let turn = Mutex(())

    /// A log that cannot be written is no reason to stop answering.
    package static let standardError: Sink = { bytes in
        turn.withLock { _ in try? FileHandle.standardError.write(contentsOf: bytes) }
    }
}
