import Foundation
import GRDB
import GatewayCore

/// The full-text index, which follows behind the captures: it is not written while many come.
extension CaptureStore {
    private static let step: Int64 = 200
    /// Bytes of each body that can be searched.
    private static let longestText = 32 << 10

    /// Indexes the next captures.
    ///
    /// - Returns: whether there are more.
    package func indexNext() throws(StoreError) -> Bool {
        try write { database in
            let sql = "SELECT * FROM segments WHERE indexed_to < first_capture + captures - 1 ORDER BY id LIMIT 1"
            guard let row = try Row.fetchOne(database, sql: sql) else { return false }
            let segment: Int64 = row["id"]
            let from: Int64 = row["indexed_to"] + 1
            let last: Int64 = row["first_capture"] + row["captures"] - 1
            let end = min(from + Self.step - 1, last)
            let form = IndexedText.Form(rawValue: row["text_form"]) ?? .read
            try database.inTransaction(.immediate) {
                try Self.index(from...end, of: segment, as: form, in: database)
                try database.execute(sql: "UPDATE segments SET indexed_to = ? WHERE id = ?", arguments: [end, segment])
                return .commit
            }
            return true
        }
    }

    private static func index(
        _ range: ClosedRange<Int64>,
        of segment: Int64,
        as form: IndexedText.Form,
        in database: Database
    ) throws {
        let table = CaptureSchema.index(segment)
        let insert = try database.makeStatement(
            sql: "INSERT INTO \(table) (rowid, tenant, request, response) VALUES (?, ?, ?, ?)"
        )
        try forEach(range, in: database) { id, tenant, content in
            let text = IndexedText(tenant: tenant, content, as: form, longest: longestText)
            try insert.execute(arguments: [id, text.tenant, text.request, text.response])
        }
    }

    /// Takes one capture's words out again; its segment's index has no other way to forget it.
    static func unindex(
        _ id: Int64,
        tenant: String,
        _ content: CaptureContent,
        of segment: Int64,
        in database: Database
    )
        throws
    {
        let sql = "SELECT indexed_to, text_form FROM segments WHERE id = ?"
        guard let row = try Row.fetchOne(database, sql: sql, arguments: [segment]), row["indexed_to"] >= id else {
            return
        }
        let form = IndexedText.Form(rawValue: row["text_form"]) ?? .read
        let text = IndexedText(tenant: tenant, content, as: form, longest: longestText)
        let table = CaptureSchema.index(segment)
        try database.execute(
            sql: "INSERT INTO \(table) (\(table), rowid, tenant, request, response) VALUES ('delete', ?, ?, ?, ?)",
            arguments: [id, text.tenant, text.request, text.response]
        )
    }

    /// Goes through captures in order; each block is expanded once.
    static func forEach(
        _ range: ClosedRange<Int64>,
        in database: Database,
        _ body: (Int64, String, CaptureContent) throws -> Void
    ) throws {
        let sql = "SELECT id, block, offset, length, tenant FROM captures WHERE id BETWEEN ? AND ? ORDER BY id"
        var block = CaptureBlock.none
        for row in try Row.fetchAll(database, sql: sql, arguments: [range.lowerBound, range.upperBound]) {
            try block.move(to: row["block"], in: database)
            try body(row["id"], row["tenant"], try block.content(at: row["offset"], length: row["length"]))
        }
    }
}

/// The words of one capture.
struct IndexedText {
    /// What of a body is indexed.
    ///
    /// Words are taken out of an index by the same text: who changes what one of them gives, even how `StreamedText` puts it
    /// together, adds another.
    enum Form: Int {
        /// As it came.
        case raw = 1
        /// Also what the events of a stream say together, and what escapes in JSON stand for.
        case read = 2
    }

    let tenant: String
    let request: String
    let response: String

    /// - Parameter longest: bytes of each body.
    init(tenant: String, _ content: CaptureContent, as form: Form, longest: Int) {
        self.tenant = Self.word(of: tenant)
        request = Self.text(content.request, form, longest)
        response = Self.text(content.response, form, longest)
    }

    /// A tenant as one word of an index.
    static func word(of tenant: String) -> String {
        "t" + tenant.utf8.map { byte in String(byte, radix: 16) }.joined()
    }

    /// Nothing of what is no text.
    private static func text(_ message: CapturedMessage, _ form: Form, _ longest: Int) -> String {
        guard message.isText else { return "" }
        let raw = String(decoding: message.body.prefix(longest), as: UTF8.self)
        guard form == .read else { return message.isCalledMedia ? "" : raw }
        switch message.form {
        case .lines:
            let streamed = StreamedText(message.body, EventReader(message).events)
            return streamed.texts.map { String(decoding: streamed.bytes[$0].prefix(longest), as: UTF8.self) }
                .joined(separator: "\n") + "\n" + raw
        case .json where StreamedText.hasEscapes(message.body):
            return String(decoding: StreamedText(decoding: message.body).bytes.prefix(longest), as: UTF8.self)
        case .json, .pairs, .other: return raw
        }
    }
}

/// Several captures' contents, expanded.
struct CaptureBlock {
    static let none = CaptureBlock(id: 0, bytes: [])

    private(set) var id: Int64
    private var bytes: [UInt8]

    private init(id: Int64, bytes: [UInt8]) {
        self.id = id
        self.bytes = bytes
    }

    mutating func move(to next: Int64, in database: Database) throws {
        guard next != id else { return }
        let sql = "SELECT size, content FROM blocks WHERE id = ?"
        guard let row = try Row.fetchOne(database, sql: sql, arguments: [next]) else { throw Deflate.Damage() }
        bytes = try Deflate.expand([UInt8](row["content"] as Data), size: row["size"])
        id = next
    }

    /// The same bytes with zeros in one capture's place: the others stay where they are.
    func erased(at offset: Int, length: Int) -> [UInt8] {
        var erased = bytes
        for index in offset..<(offset + length) { erased[index] = 0 }
        return erased
    }

    /// What a row's capture had, with what its row says of the whole bodies.
    mutating func content(of row: Row, in database: Database) throws -> CaptureContent {
        try move(to: row["block"], in: database)
        var content = try content(at: row["offset"], length: row["length"])
        content.request.size = row["request_size"]
        content.request.isTruncated = row["is_request_cut"]
        content.response.size = row["response_size"]
        content.response.isTruncated = row["is_response_cut"]
        return content
    }

    func content(at offset: Int, length: Int) throws(Deflate.Damage) -> CaptureContent {
        guard offset >= 0, length >= 0, offset + length <= bytes.count else { throw Deflate.Damage() }
        return try CaptureContent(bytes[offset..<(offset + length)])
    }
}
