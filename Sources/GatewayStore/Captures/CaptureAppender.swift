import Foundation
import GRDB
import GatewayCore

/// Several captures as they are stored: redacted, their contents compressed together.
///
/// Making one takes most of the time that captures take, and needs nothing of the database.
struct CaptureBatch: Sendable {
    /// Bytes before they are compressed: what has to be expanded to read one capture.
    private static let most = 128 << 10

    fileprivate private(set) var captures: [(capture: Capture, range: Range<Int>)] = []
    /// Bytes before they were compressed.
    fileprivate private(set) var size = 0
    fileprivate private(set) var content = Data()

    static func all(of drafts: [CaptureDraft], _ redactors: RedactorCache) -> [CaptureBatch] {
        var batches: [CaptureBatch] = []
        var batch = CaptureBatch()
        var bytes: [UInt8] = []
        func close() {
            guard !batch.captures.isEmpty else { return }
            batch.size = bytes.count
            batch.content = Data(Deflate.compress(bytes))
            batches.append(batch)
            batch = CaptureBatch()
            bytes.removeAll(keepingCapacity: true)
        }
        for draft in drafts {
            let capture = draft.finish()
            let redacted = redactors[capture.rule.redaction].redact(capture)
            let start = bytes.count
            CaptureContent(request: redacted.request, response: redacted.response, loss: redacted.loss).write(
                to: &bytes
            )
            batch.captures.append((redacted, start..<bytes.count))
            if bytes.count >= most { close() }
        }
        close()
        return batches
    }
}

/// Adds captures to the newest segment, a block for each batch.
struct CaptureAppender {
    private let database: Database
    private let segmentRows: Int
    private let segmentBytes: Int64
    private let insert: Statement
    private var segment: Segment
    private var next: Int64

    private struct Segment {
        var id: Int64
        var captures: Int
        var bytes: Int64
        var newestAt: Int64
    }

    init(_ database: Database, retention: CaptureRetention) throws {
        self.database = database
        segmentRows = retention.segmentRows
        segmentBytes = retention.segmentBytes
        insert = try database.makeStatement(sql: CaptureSchema.insert)
        let row = try Row.fetchOne(database, sql: "SELECT * FROM segments ORDER BY id DESC LIMIT 1")
        next = try CaptureStore.lastNumber(database) + 1
        segment = Segment(id: 0, captures: 0, bytes: 0, newestAt: 0)
        if let row {
            segment = Segment(id: row["id"], captures: row["captures"], bytes: row["bytes"], newestAt: row["newest_at"])
        } else {
            try beginSegment()
        }
    }

    mutating func add(_ batch: CaptureBatch) throws {
        if segment.captures >= segmentRows || segment.bytes >= segmentBytes {
            try finish()
            try beginSegment()
        }
        try database.execute(
            sql: "INSERT INTO blocks (segment, size, content) VALUES (?, ?, ?)",
            arguments: [segment.id, batch.size, batch.content]
        )
        let block = database.lastInsertedRowID
        for (capture, range) in batch.captures {
            try insert.execute(arguments: Self.values(capture, id: next, block: block, range))
            next += 1
            segment.newestAt = max(segment.newestAt, capture.receipt.startedAt)
        }
        segment.captures += batch.captures.count
        segment.bytes += Int64(batch.content.count + 400 * batch.captures.count)
    }

    /// Notes what the segment has.
    func finish() throws {
        try database.execute(
            sql: "UPDATE segments SET captures = ?, bytes = ?, newest_at = ? WHERE id = ?",
            arguments: [segment.captures, segment.bytes, segment.newestAt, segment.id]
        )
    }

    private mutating func beginSegment() throws {
        let id = segment.id + 1
        try database.execute(
            sql: "INSERT INTO segments (id, first_capture, indexed_to) VALUES (?, ?, ?)",
            arguments: [id, next, next - 1]
        )
        try database.execute(sql: CaptureSchema.makeIndex(id))
        segment = Segment(id: id, captures: 0, bytes: 0, newestAt: 0)
    }

    private static func values(_ capture: Capture, id: Int64, block: Int64, _ range: Range<Int>) -> StatementArguments {
        let receipt = capture.receipt
        return [
            id, block, range.lowerBound, range.count, receipt.requestID, receipt.startedAt, receipt.tenant,
            receipt.endpoint,
            receipt.deployment, receipt.instance, receipt.caller, receipt.method, receipt.path, capture.query,
            receipt.status,
            receipt.upstreamStatus, receipt.outcome.rawValue, receipt.model, receipt.isStreamed, capture.request.size,
            capture.response.size, capture.request.isTruncated, capture.response.isTruncated, receipt.promptTokens,
            receipt.completionTokens, receipt.firstByteMicroseconds, receipt.durationMicroseconds, receipt.mirrorOf,
            capture.rule.collections.map(\.name).joined(separator: " "),
        ]
    }
}
