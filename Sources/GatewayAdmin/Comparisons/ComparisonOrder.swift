import GatewayAPI
import GatewayCore
import GatewayStore

/// What a comparison is to do: a request whose every member was found good.
struct ComparisonOrder: Sendable {
    /// Where the other answers come from.
    enum Source: Sendable, Equatable {
        /// From replayed requests.
        ///
        /// - Parameter keepsPace: sent as they came, and not as soon as there is room.
        case replay(keepsPace: Bool, concurrency: Int)
        /// From the copies that a mirror got.
        case mirror

        /// Whether several requests run at once that came apart.
        fileprivate var isDense: Bool {
            guard case .replay(keepsPace: false, let concurrency) = self else { return false }
            return concurrency > 1
        }
    }

    static let mostCaptures = 10_000
    private static let mostConcurrent = 64
    private static let mostNames = 100

    let tenant: String
    let source: Source
    let request: ComparisonRequest
    let comparer: AnswerComparer
    let limits: ComparisonVerdict.Limits
    /// Of one page.
    let query: CaptureQuery
    let count: Int

    init(_ request: ComparisonRequest, tenant: String, isReplay: Bool) throws(APIError) {
        self.tenant = tenant
        self.request = request
        source = isReplay ? try Self.replay(request) : try Self.mirror(request)
        for (name, list) in [("ignore", request.ignore), ("compare", request.compare)] {
            guard (list ?? []).count <= Self.mostNames else {
                throw APIError(.invalid, "has more than \(Self.mostNames) names", target: name)
            }
        }
        try ComparedField.check(ignore: request.ignore ?? [], compare: request.compare ?? [])
        comparer = AnswerComparer(
            ignored: request.ignore ?? [],
            compared: request.compare ?? [],
            leastSimilarity: try Self.number(request.similarity, or: 1, in: 0...1, "similarity"),
            tolerance: try Self.number(request.tolerance, or: 0, in: 0...1, "tolerance")
        )
        limits = ComparisonVerdict.Limits(
            differing: try Self.number(request.differing, or: 0.01, in: 0...1, "differing"),
            slower: try Self.number(request.slower, or: 1.5, in: 1...1000, "slower"),
            judgesLatency: request.slower != nil || !source.isDense
        )
        count = try Self.number(request.limit, or: 1000, in: 1...Self.mostCaptures, "limit")
        query = try Self.query(request, tenant, isReplay: isReplay)
    }

    private static func replay(_ request: ComparisonRequest) throws(APIError) -> Source {
        let speed = request.speed ?? "max"
        guard speed == "max" || speed == "1x" else {
            throw APIError(.invalid, "\(speed.debugDescription) is no speed; write 1x or max", target: "speed")
        }
        let concurrency = try number(
            request.concurrency,
            or: speed == "max" ? 8 : mostConcurrent,
            in: 1...mostConcurrent,
            "concurrency"
        )
        return .replay(keepsPace: speed == "1x", concurrency: concurrency)
    }

    private static func mirror(_ request: ComparisonRequest) throws(APIError) -> Source {
        guard request.speed == nil, request.concurrency == nil else {
            throw APIError(.invalid, "nothing is sent here: speed and concurrency are of a replay", target: "speed")
        }
        return .mirror
    }

    private static func number<Number: Comparable & Sendable>(
        _ given: Number?,
        or standard: Number,
        in range: ClosedRange<Number>,
        _ name: String
    ) throws(APIError) -> Number {
        guard let given else { return standard }
        guard range.contains(given) else {
            throw APIError(.invalid, "must be \(range.lowerBound) to \(range.upperBound)", target: name)
        }
        return given
    }

    private static func query(
        _ request: ComparisonRequest,
        _ tenant: String,
        isReplay: Bool
    ) throws(APIError) -> CaptureQuery {
        var query = CaptureQuery(tenant: tenant, count: CaptureQuery.longestPage)
        query.endpoint = request.endpoint
        guard isReplay || request.deployment == nil else {
            throw APIError(.invalid, "of mirrored pairs name the mirror alone, with to", target: "deployment")
        }
        query.deployment = isReplay ? request.deployment : request.to
        query.caller = request.caller
        query.requestID = request.requestId
        query.label = request.label
        query.text = try CaptureQuery.words(request.text)
        query.fewestTokens = request.tokens
        query.slowerThan = try number(request.slowerThanMs, or: 0, in: 0...86_400_000, "slowerThanMs") * 1000
        query.statuses = try request.status.map(CaptureQuery.statuses)
        query.since = try time(request.since, "since")
        query.until = try time(request.until, "until")
        return query
    }

    /// Microseconds since 1970.
    private static func time(_ text: String?, _ name: String) throws(APIError) -> Int64? {
        guard let text else { return nil }
        return try WireTime.read(text, member: name) * 1_000_000
    }
}
