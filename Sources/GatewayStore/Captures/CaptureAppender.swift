import Foundation
import GRDB
import GatewayCore

/// Several captures as they are stored: redacted, their contents compressed together.
///
/// Making one takes most of the time that captures take, and needs nothing of the database.
struct CaptureBatch: Sendable {
    /// Bytes before they are compressed: what has to be expanded to read one capture.
    private static let mostBytes = 128 << 10

    fileprivate private(set) var captures: [(capture: Capture, range: Range<Int>)] = []
    /// Bytes before they were compressed.
    fileprivate private(set) var size = 0
    fileprivate private(set) var content = Data()

    /// - Parameter most: captures of one.
    static func all(of drafts: [CaptureDraft], most: Int, _ redactors: RedactorCache) -> [CaptureBatch] {
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
            if bytes.count >= mostBytes || batch.captures.count >= most { close() }
        }
        close()
        return batches
    }
}

/// Adds captures to the newest segment, a block for each batch.
struct CaptureAppender: ~Copyable {
    private let database: Database
    private let retention: CaptureRetention
    private var row: RowBinding
    private var segment: Segment
    private var next: Int64

    private struct Segment {
        /// 0 = there is none yet.
        var id: Int64
        var captures = 0
        var bytes: Int64 = 0
        var newestAt: Int64 = 0
        /// `nil` = it has none yet.
        var oldestAt: Int64?

        init(id: Int64 = 0) {
            self.id = id
        }

        init(row: Row, oldestAt: Int64?) {
            id = row["id"]
            captures = row["captures"]
            bytes = row["bytes"]
            newestAt = row["newest_at"]
            self.oldestAt = oldestAt
        }
    }

    init(_ database: Database, retention: CaptureRetention) throws {
        let newest = try Row.fetchOne(database, sql: "SELECT * FROM segments ORDER BY id DESC LIMIT 1")
        let oldestAt = try newest.flatMap { try CaptureStore.oldestAt(from: $0["first_capture"], database) }
        let last = try CaptureStore.lastNumber(database)
        let row = try RowBinding(database, sql: CaptureSchema.insert)
        // From here on nothing fails: who cannot be copied is whole, or not at all.
        self.database = database
        self.row = row
        self.retention = retention
        next = last + 1
        segment = newest.map { Segment(row: $0, oldestAt: oldestAt) } ?? Segment()
    }

    mutating func add(_ batch: CaptureBatch) throws {
        if isFull(for: batch) {
            try finish()
            try Self.makeSegment(segment.id + 1, first: next, database)
            segment = Segment(id: segment.id + 1)
        }
        try database.execute(
            sql: "INSERT INTO blocks (segment, size, content) VALUES (?, ?, ?)",
            arguments: [segment.id, batch.size, batch.content]
        )
        let block = database.lastInsertedRowID
        for (capture, range) in batch.captures {
            try insert(capture, id: next, block: block, range)
            next += 1
            segment.oldestAt = segment.oldestAt ?? capture.receipt.startedAt
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

    static func makeSegment(_ id: Int64, first: Int64, _ database: Database) throws {
        try database.execute(
            sql: "INSERT INTO segments (id, first_capture, indexed_to, text_form) VALUES (?, ?, ?, ?)",
            arguments: [id, first, first - 1, IndexedText.Form.read.rawValue]
        )
        try database.execute(sql: CaptureSchema.makeIndex(id))
    }

    private func isFull(for batch: CaptureBatch) -> Bool {
        let rows = segment.captures + batch.captures.count
        if segment.id == 0 || rows > retention.segmentRows || segment.bytes >= retention.segmentBytes { return true }
        guard let oldestAt = segment.oldestAt, let newestAt = batch.captures.map(\.capture.receipt.startedAt).max()
        else { return false }
        return newestAt - oldestAt > retention.segmentMicroseconds
    }

    /// In the columns of `CaptureSchema.insert`.
    private mutating func insert(_ capture: Capture, id: Int64, block: Int64, _ range: Range<Int>) throws {
        let receipt = capture.receipt
        row.add(receipt.requestID)
        row.add(receipt.tenant)
        row.add(receipt.endpoint)
        row.add(receipt.deployment)
        row.add(receipt.instance)
        row.add(receipt.caller)
        row.add(receipt.method)
        row.add(receipt.path)
        row.add(capture.query)
        row.add(receipt.outcome.rawValue)
        row.add(receipt.model)
        row.add(receipt.mirrorOf)
        row.add(capture.rule.collections.map(\.name).joined(separator: " "))
        row.add(id)
        row.add(block)
        row.add(range.lowerBound)
        row.add(range.count)
        row.add(receipt.startedAt)
        row.add(receipt.status)
        row.add(receipt.upstreamStatus)
        row.add(receipt.isStreamed)
        row.add(capture.request.size)
        row.add(capture.response.size)
        row.add(capture.request.isTruncated)
        row.add(capture.response.isTruncated)
        row.add(receipt.promptTokens)
        row.add(receipt.completionTokens)
        row.add(receipt.firstByteMicroseconds)
        row.add(receipt.durationMicroseconds)
        try row.insert()
    }
}
