import Foundation
import GRDB
import GatewayCore

/// Adds captures to the newest segment, several to a block.
struct CaptureAppender {
    /// Bytes of a block before it is compressed: what has to be expanded to read one capture.
    private static let blockBytes = 128 << 10

    private let database: Database
    private let segmentRows: Int
    private let segmentBytes: Int64
    private let insert: Statement
    private var segment: Segment
    private var next: Int64
    private var waiting: [(capture: Capture, range: Range<Int>)] = []
    private var block: [UInt8] = []
    private let redactors: RedactorCache

    private struct Segment {
        var id: Int64
        var captures: Int
        var bytes: Int64
        var newestAt: Int64
    }

    init(_ database: Database, retention: CaptureRetention, _ redactors: RedactorCache) throws {
        self.database = database
        self.redactors = redactors
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

    mutating func add(_ capture: Capture) throws {
        let redacted = redactors[capture.rule.redaction].redact(capture)
        let start = block.count
        CaptureContent(request: redacted.request, response: redacted.response, loss: redacted.loss).write(to: &block)
        waiting.append((redacted, start..<block.count))
        if block.count >= Self.blockBytes { try writeBlock() }
    }

    mutating func finish() throws {
        try writeBlock()
        try noteSegment()
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

    private func noteSegment() throws {
        try database.execute(
            sql: "UPDATE segments SET captures = ?, bytes = ?, newest_at = ? WHERE id = ?",
            arguments: [segment.captures, segment.bytes, segment.newestAt, segment.id]
        )
    }

    private mutating func writeBlock() throws {
        guard !waiting.isEmpty else { return }
        if segment.captures >= segmentRows || segment.bytes >= segmentBytes {
            try noteSegment()
            try beginSegment()
        }
        let content = Deflate.compress(block)
        try database.execute(
            sql: "INSERT INTO blocks (segment, size, content) VALUES (?, ?, ?)",
            arguments: [segment.id, block.count, Data(content)]
        )
        let id = database.lastInsertedRowID
        for (capture, range) in waiting {
            try insert.execute(arguments: Self.values(capture, id: next, block: id, range))
            next += 1
            segment.newestAt = max(segment.newestAt, capture.receipt.startedAt)
        }
        segment.captures += waiting.count
        segment.bytes += Int64(content.count + 400 * waiting.count)
        waiting.removeAll(keepingCapacity: true)
        block.removeAll(keepingCapacity: true)
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
