import Foundation
import GatewayAdmin
import GatewayCore
import GatewayStore
import Logging
import NIOPosix
import ServiceLifecycle

/// Exports captures as they are stored, into `captures.export.directory`, until the last one of a stop is there.
///
/// What the disk refuses is tried again until it is taken; one line of the log says so, and one that it is over.
struct CaptureExportService: Service {
    /// For what waits when the gateway stops.
    private static let farewell = Duration.seconds(5)

    let settings: ExportSettings
    let sources: CaptureExporter.Sources
    let logger: Logger

    func run() async throws {
        guard let directory = settings.directory else { return try await gracefulShutdown() }
        let exporter = CaptureExporter(directory, settings.format, sources, logger)
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if await exporter.round() == .done { continue }
                try? await Task.sleep(for: await exporter.pause)
            }
        }
        // What is left then goes on with the next start.
        let end = ContinuousClock.now + Self.farewell
        while ContinuousClock.now < end, await exporter.round() == .done {}
        await exporter.stop()
    }
}

/// Takes some captures after the other out of their store and into files.
actor CaptureExporter {
    struct Sources: Sendable {
        let store: CaptureStore
        let tenant: @Sendable (String) -> TenantDefinition?
        /// By a deployment's path.
        let rollingRate: @Sendable (String) -> RollingRate
    }

    /// What has become of one round.
    enum Round {
        /// There may be more.
        case done
        case nothingToDo
        case failed
    }

    private static let batch = 500
    private static let interval = Duration.seconds(1)
    private static let retryInterval = Duration.seconds(5)

    private let directory: String
    private let sources: Sources
    private let export: CaptureExport
    private let logger: Logger
    /// Files are written on a thread of their own.
    private let threads = NIOThreadPool(numberOfThreads: 1)
    private var lock: FolderLock?
    /// `nil` before the first round, and after one that failed.
    private var files: ContinuousExport?
    private var isFailing = false

    var pause: Duration { isFailing ? Self.retryInterval : Self.interval }

    init(_ directory: String, _ format: ExportFormat, _ sources: Sources, _ logger: Logger) {
        self.directory = directory
        self.sources = sources
        export = CaptureExport(format)
        self.logger = logger
        threads.start()
    }

    func round() async -> Round {
        do {
            guard let files = try await open() else { return .nothingToDo }
            let (captures, gone) = try await sources.store.next(after: files.exported, atMost: Self.batch)
            if let last = captures.last {
                self.files = nil
                self.files = try await write(captures, upTo: last.row.id, to: files)
                if gone > 0, files.exported > 0 {
                    logger.error("\(gone) captures were deleted before they were exported")
                }
            }
            succeeded()
            return captures.isEmpty ? .nothingToDo : .done
        } catch {
            failed(error)
            return .failed
        }
    }

    /// Leaves the folder to another process.
    func stop() async {
        (files, lock) = (nil, nil)
        try? await threads.shutdownGracefully()
    }

    /// `nil` while another process has the folder.
    private func open() async throws -> ContinuousExport? {
        if let files { return files }
        let (directory, format) = (directory, export.format)
        if lock == nil { lock = try await threads.runIfActive { try FolderLock(directory) } }
        guard lock != nil else { return nil }
        // Behind the lock: what the other process has exported until now is to be known.
        let last = try await sources.store.lastNumber()
        let atBoot = sources.store.lastNumberAtBoot
        files = try await threads.runIfActive {
            try ContinuousExport(directory, format, lastNumber: last, atBoot: atBoot)
        }
        return files
    }

    private func write(
        _ captures: [StoredCapture],
        upTo last: Int64,
        to files: ContinuousExport
    ) async throws -> ContinuousExport {
        let (sources, export) = (sources, export)
        return try await threads.runIfActive {
            var files = files
            try files.write(try Self.lines(captures, export, sources), upTo: last)
            return files
        }
    }

    /// Each tenant's files are in a folder of its own.
    private static func lines(
        _ captures: [StoredCapture],
        _ export: CaptureExport,
        _ sources: Sources
    ) throws -> [ExportedLine] {
        var labels: [String: CaptureExport.Labels] = [:]
        return try captures.flatMap { capture in
            let receipt = capture.row.receipt
            let known = labels[receipt.tenant] ?? CaptureExport.Labels(sources.tenant(receipt.tenant))
            labels[receipt.tenant] = known
            let rate = sources.rollingRate("\(receipt.tenant)/\(receipt.endpoint)/\(receipt.deployment)")
            return try export.lines(capture, known, rolling: rate).map {
                ExportedLine(file: "\(receipt.tenant)/\($0.file)", text: $0.text)
            }
        }
    }

    private func failed(_ error: any Error) {
        files = nil
        // What a stop interrupts goes on with the next start.
        guard !isFailing, !Task.isCancelled else { return }
        isFailing = true
        let words = (error as? ClientError).map { ([$0.message] + $0.details).joined(separator: "; ") } ?? "\(error)"
        logger.error("captures are not exported: \(words)")
    }

    private func succeeded() {
        guard isFailing else { return }
        isFailing = false
        logger.notice("captures are exported again")
    }
}
