import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

/// What `/api/v1/tenants/{tenant}/captures` answers, to reviewers alone.
struct CaptureRoutes: Sendable {
    private static let longestLabel = 64
    /// Of one request, compared with a capture that is shown.
    private static let mostHalves = 8

    let controlPlane: ControlPlane

    @Sendable func list(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let tenant = try controlPlane.store.tenant(context.name("tenant")).name
        var query = try CaptureQuery(request.uri.queryParameters, tenant: tenant)
        query.count += 1
        let rows = try await controlPlane.captures.list(query)
        let page = rows.prefix(query.count - 1)
        let nextLink =
            rows.count < query.count ? nil : page.last.map { Page<Never>.link(request, after: "\($0.id)") }
        return Page(Array(page), nextLink: nextLink).answer { CaptureSummaryResource($0) }
    }

    /// A page of an export: a client holds one of them at a time, and goes on from any.
    @Sendable func export(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let tenant = try controlPlane.store.tenant(context.name("tenant"))
        let parameters = request.uri.queryParameters
        var query = try CaptureQuery(parameters, tenant: tenant.name, beside: ["format"], standard: 200)
        (query.after, query.before) = (query.before ?? 0, nil)
        let export = CaptureExport(try ExportFormat(parameters["format"]))
        let (captures, hasMore) = try await controlPlane.captures.contents(query)
        let labels = CaptureExport.Labels(tenant)
        let records = try captures.flatMap { capture in
            try export.lines(capture, labels).map {
                ExportedRecordResource(id: capture.row.id, file: $0.file, line: $0.text)
            }
        }
        let nextLink = hasMore ? captures.last.map { Page<Never>.link(request, after: "\($0.row.id)") } : nil
        return Page(records, nextLink: nextLink).answer { $0 }
    }

    @Sendable func get(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let (row, content) = try await found(context)
        var pair = CaptureQuery(tenant: row.receipt.tenant)
        pair.requestID = row.receipt.requestID
        let others = try await controlPlane.captures.list(pair).filter { $0.id != row.id }
        return .json(
            CapturedExchangeResource(
                summary: CaptureSummaryResource(row),
                request: CapturedMessageResource(content.request),
                response: CapturedMessageResource(content.response),
                pair: others.map(CaptureSummaryResource.init),
                comparisons: try await compared(row, content, with: others)
            )
        )
    }

    /// What differs between a capture and the other halves of its pairs; the one side is always the caller's answer.
    private func compared(
        _ row: CaptureRow,
        _ content: CaptureContent,
        with others: [CaptureRow]
    ) async throws -> [ComparedPair] {
        var pairs: [ComparedPair] = []
        for other in others.prefix(Self.mostHalves) where row.isMirror(of: other) || other.isMirror(of: row) {
            guard let found = try await controlPlane.captures.capture(other.id, tenant: other.receipt.tenant) else {
                continue
            }
            let (this, that) = (ComparedAnswer(row, content), ComparedAnswer(found.row, found.content))
            let isMirror = row.isMirror(of: other)
            let comparison = isMirror ? AnswerComparer().compare(that, this) : AnswerComparer().compare(this, that)
            var pair = ComparedPair(comparison, capture: isMirror ? other.id : row.id, row.receipt.requestID)
            pair.otherCapture = isMirror ? row.id : other.id
            pairs.append(pair)
        }
        return pairs
    }

    /// The bytes of a body, as a file that no browser shows (SECURITY A-3).
    @Sendable func body(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let (row, content) = try await found(context)
        let half = try context.name("half")
        guard half == "request" || half == "response" else {
            throw APIError(.invalid, "\(half.debugDescription) is not one of request, response", target: "half")
        }
        let message = half == "request" ? content.request : content.response
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/octet-stream", .cacheControl: "no-store",
                .contentDisposition: "attachment; filename=\"capture-\(row.id)-\(half)\"",
                .xContentTypeOptions: "nosniff",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: message.body))
        )
    }

    @Sendable func label(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let row = try await found(context).row
        let label = try await JSONBody.decode(CaptureLabelResource.self, from: request).label
        guard label.utf8.count <= Self.longestLabel, label.utf8.allSatisfy({ (0x20...0x7E).contains($0) }),
            label.isEmpty || label.contains(where: { $0 != " " })
        else {
            let rule = "must be at most \(Self.longestLabel) visible ASCII characters, or none to take it away"
            throw APIError(.invalid, rule, target: "label")
        }
        if label != row.label { try await controlPlane.store.noteChange(of: row, label: label) }
        guard try await controlPlane.captures.label(row.id, tenant: row.receipt.tenant, label) else {
            throw Self.missing(row.id)
        }
        return .json(CaptureSummaryResource(try await found(context).row))
    }

    @Sendable func delete(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let row = try await found(context).row
        try await controlPlane.store.noteChange(of: row, label: nil)
        guard try await controlPlane.captures.delete(row.id, tenant: row.receipt.tenant) else {
            throw Self.missing(row.id)
        }
        return Response(status: .noContent)
    }

    private func found(_ context: AdminRequestContext) async throws -> (row: CaptureRow, content: CaptureContent) {
        let (id, tenant) = try name(context)
        guard let found = try await controlPlane.captures.capture(id, tenant: tenant) else { throw Self.missing(id) }
        return found
    }

    private func name(_ context: AdminRequestContext) throws -> (id: Int64, tenant: String) {
        let tenant = try controlPlane.store.tenant(context.name("tenant")).name
        let text = try context.name("capture")
        guard let id = Int64(text), id > 0 else {
            throw APIError(.invalid, "\(text.debugDescription) is not the number of a capture", target: "capture")
        }
        return (id, tenant)
    }

    private static func missing(_ id: Int64) -> APIError { APIError(.notFound, "capture \(id) does not exist") }
}

extension CaptureQuery {
    /// - Parameters:
    ///   - further: other parameters that the request may have.
    ///   - standard: how many a page has that says nothing of it.
    fileprivate init(
        _ parameters: FlatDictionary<Substring, Substring>,
        tenant: String,
        beside further: Set<Substring> = [],
        standard: Int64 = 50
    ) throws {
        self.init(tenant: tenant)
        func text(_ name: Substring) -> String? { parameters[name].map { String($0) } }
        func number(_ name: Substring) throws(APIError) -> Int64? {
            guard let text = text(name) else { return nil }
            guard let number = Int64(text), number >= 0 else {
                throw APIError(.invalid, "\(text.debugDescription) is not a whole number", target: String(name))
            }
            return number
        }
        let known: Set<Substring> = [
            "limit", "after", "endpoint", "deployment", "caller", "requestId", "status", "since", "until",
            "slowerThanMs",
            "tokens", "label", "text",
        ]
        if let stranger = parameters.first(where: { !known.union(further).contains($0.key) })?.key {
            throw APIError(.invalid, "\(stranger.debugDescription) is not known here", target: String(stranger))
        }
        endpoint = text("endpoint")
        deployment = text("deployment")
        caller = text("caller")
        requestID = text("requestId")
        label = text("label")
        self.text = try Self.words(text("text"))
        before = try number("after")
        fewestTokens = try number("tokens")
        slowerThan = try number("slowerThanMs").map { min($0, Self.longestWait) * 1000 }
        since = try text("since").map { try WireTime.read($0, member: "since") * 1_000_000 }
        until = try text("until").map { try WireTime.read($0, member: "until") * 1_000_000 }
        if let since, let until, since >= until {
            throw APIError(.invalid, "must be before until: there is nothing between the two", target: "since")
        }
        statuses = try text("status").map(Self.statuses)
        let limit = try number("limit") ?? standard
        guard (1...Int64(CaptureQuery.longestPage)).contains(limit) else {
            throw APIError(.invalid, "limit must be 1 to \(CaptureQuery.longestPage)", target: "limit")
        }
        count = Int(limit)
    }

    /// Words to search for; the index has no answer to none.
    static func words(_ text: String?) throws(APIError) -> String? {
        guard let text else { return nil }
        guard text.contains(where: { !$0.isWhitespace }) else {
            throw APIError(.invalid, "text is empty; give words to search for, or leave it out", target: "text")
        }
        return text
    }

    /// A day: nothing takes longer.
    private static let longestWait: Int64 = 86_400_000

    /// `404`, `4xx` or `500-599`; `0` of what had no status: its caller was gone, or it is a mirror's.
    package static func statuses(_ text: String) throws(APIError) -> ClosedRange<Int> {
        if text == "0" { return 0...0 }
        let digits = text.hasSuffix("xx") ? "\(text.dropLast(2))00-\(text.dropLast(2))99" : text
        let bounds = digits.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        if bounds.count <= 2, let low = bounds.first, let high = bounds.last, low <= high,
            (100...599).contains(low), (100...599).contains(high)
        {
            return low...high
        }
        throw APIError(
            .invalid,
            "\(text.debugDescription) is no status; write one from 100 to 599, 4xx or 500-599",
            target: "status"
        )
    }
}

extension ExportFormat {
    fileprivate init(_ text: Substring?) throws(APIError) {
        let known = Self.allCases.map(\.rawValue).joined(separator: ", ")
        guard let text else { throw APIError(.invalid, "is required; it is one of \(known)", target: "format") }
        guard let format = Self(rawValue: String(text)) else {
            throw APIError(.invalid, "\(text.debugDescription) is not one of \(known)", target: "format")
        }
        self = format
    }
}
