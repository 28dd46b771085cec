import GatewayAPI
import GatewayCore

/// Comparisons that run, of each tenant one, and those that are over, of each tenant the newest twenty.
struct ComparisonBook: Sendable {
    private static let mostKept = 20

    enum State: String, Sendable {
        case running
        case finished
        case cancelled
        case failed
    }

    /// One comparison, as far as it has come.
    struct Entry: Sendable {
        let id: Int
        let order: ComparisonOrder
        let author: String
        /// Milliseconds since 1970.
        let startedAt: Int64
        var endedAt: Int64?
        var state = State.running
        var found = 0
        var done = 0
        /// Captures that were left out, by the reason.
        var skips: [String: Int] = [:]
        /// What a reader of the report should know of the replay.
        var remarks: [String: Int] = [:]
        var failure: String?
        var sum = ComparisonSum()
        /// Once it is over.
        var verdict: ComparisonVerdict?
        /// Told when it is to stop.
        let stop: AsyncStream<Void>.Continuation
    }

    private var entries: [Int: Entry] = [:]
    private var last = 0

    /// Begins one, unless one of its tenant runs.
    mutating func begin(
        _ order: ComparisonOrder,
        by author: String,
        at now: Int64,
        stop: AsyncStream<Void>.Continuation
    ) throws(APIError) -> Entry {
        if let running = entries.values.first(where: { $0.order.tenant == order.tenant && $0.state == .running }) {
            throw APIError(
                .conflict,
                "comparison \(running.id) of this tenant runs; wait until it is over, or cancel it",
                target: "\(running.id)"
            )
        }
        last += 1
        let entry = Entry(id: last, order: order, author: author, startedAt: now, stop: stop)
        entries[last] = entry
        for old in all(of: order.tenant).dropFirst(Self.mostKept) { entries[old.id] = nil }
        return entry
    }

    /// A tenant's, the newest first.
    func all(of tenant: String) -> [Entry] {
        entries.values.filter { $0.order.tenant == tenant }.sorted { $0.id > $1.id }
    }

    func find(_ id: Int, of tenant: String) -> Entry? {
        entries[id].flatMap { $0.order.tenant == tenant ? $0 : nil }
    }

    /// Asks one that runs to stop; then it ends as cancelled.
    func stop(_ id: Int) { entries[id]?.stop.finish() }

    /// Forgets one; what it still tells goes nowhere.
    mutating func remove(_ id: Int) {
        stop(id)
        entries[id] = nil
    }

    mutating func found(_ count: Int, of id: Int) { entries[id]?.found = count }

    mutating func note(_ step: ComparisonStep, of id: Int) {
        entries[id]?.done += 1
        switch step {
        case .skipped(let reason): entries[id]?.skips[reason, default: 0] += 1
        case .compared(let comparison, let capture, let requestID, let remarks):
            entries[id]?.sum.add(comparison, capture: capture, requestID: requestID)
            for remark in remarks { entries[id]?.remarks[remark, default: 0] += 1 }
        }
    }

    mutating func end(_ id: Int, as state: State, _ verdict: ComparisonVerdict, _ failure: String?, at now: Int64) {
        entries[id]?.state = state
        entries[id]?.verdict = verdict
        entries[id]?.failure = failure
        entries[id]?.endedAt = now
    }
}

/// What became of one capture.
enum ComparisonStep: Sendable {
    case skipped(String)
    /// - Parameter remarks: what a reader should know of how it was sent.
    case compared(AnswerComparison, capture: Int64, requestID: String, remarks: [String])
}

extension ComparisonResource {
    /// - Parameter isWhole: with its report, which takes some time to make.
    init(_ entry: ComparisonBook.Entry, isWhole: Bool) {
        self.init(
            id: "\(entry.id)",
            kind: entry.order.source == .mirror ? "mirror" : "replay",
            state: entry.state.rawValue,
            author: entry.author,
            startTime: WireTime.precise(milliseconds: entry.startedAt),
            request: entry.order.request
        )
        endTime = entry.endedAt.map(WireTime.precise)
        found = entry.found
        done = entry.done
        skipped = entry.skips.sorted { $0.key < $1.key }.map { Skip(reason: $0.key, count: $0.value) }
        error = entry.failure
        guard let verdict = entry.verdict else { return }
        sum = Sum(
            verdict: verdict.word.rawValue,
            pairs: entry.sum.pairs,
            agreed: entry.sum.agreed,
            agreement: entry.sum.agreement,
            similarity: entry.sum.similarity
        )
        guard isWhole else { return }
        let names = AnswerComparer.ignoredNames.filter { !entry.order.comparer.compared.contains($0) }
        report = ComparisonReport(
            entry.sum,
            verdict,
            ignored: names + entry.order.comparer.ignored
        )
        report?.notes += entry.remarks.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        if case .replay(_, let concurrency) = entry.order.source {
            report?.notes.append(
                "the replay's times are those of at most \(concurrency) requests at once, measured at the gateway"
            )
        }
    }
}
