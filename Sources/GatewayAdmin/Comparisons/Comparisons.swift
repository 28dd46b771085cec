import Foundation
import GatewayAPI
package import GatewayCore
package import GatewayStore
package import Logging
import ServiceLifecycle
import Synchronization

/// Compares answers: to captured requests that it has replayed, and of mirrored pairs that were captured.
///
/// What comes of it is kept in memory, and gone with the process.
package final class Comparisons: Service {
    /// One that was asked for.
    struct Job: Sendable {
        let id: Int
        let order: ComparisonOrder
        /// Ends when it is to stop.
        let stop: AsyncStream<Void>
    }

    private let book = Mutex(ComparisonBook())
    private let jobs = AsyncStream.makeStream(of: Job.self)
    private let captures: CaptureStore
    private let send: @Sendable (ReplayedRequest) async -> ReplayOutcome
    private let logger: Logger

    /// - Parameter send: sends a captured request once more, without counting it as anybody's.
    package init(
        captures: CaptureStore,
        send: @escaping @Sendable (ReplayedRequest) async -> ReplayOutcome,
        logger: Logger
    ) {
        self.captures = captures
        self.send = send
        self.logger = logger
    }

    /// Works until the gateway stops; what is under way then ends as cancelled.
    package func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            await withDiscardingTaskGroup { group in
                for await job in jobs.stream { group.addTask { await self.perform(job) } }
            }
        }
    }

    func begin(_ order: ComparisonOrder, by author: String) throws(APIError) -> ComparisonBook.Entry {
        let stop = AsyncStream.makeStream(of: Void.self)
        let entry = try book.withLock { book throws(APIError) in
            try book.begin(order, by: author, at: Self.now(), stop: stop.continuation)
        }
        logger.notice(
            "a comparison begins",
            metadata: [
                "id": "\(entry.id)", "by": "\(author)", "tenant": "\(order.tenant)",
                "endpoint": "\(order.request.endpoint)", "to": "\(order.request.to)", "source": "\(order.source)",
            ]
        )
        jobs.continuation.yield(Job(id: entry.id, order: order, stop: stop.stream))
        return entry
    }

    func all(of tenant: String) -> [ComparisonBook.Entry] { book.withLock { $0.all(of: tenant) } }

    func find(_ id: Int, of tenant: String) -> ComparisonBook.Entry? { book.withLock { $0.find(id, of: tenant) } }

    func cancel(_ id: Int) { book.withLock { $0.stop(id) } }

    func remove(_ id: Int) { book.withLock { $0.remove(id) } }

    /// A tenant of the same name that is made later has none of them.
    func removeAll(of tenant: String) {
        book.withLock { book in for entry in book.all(of: tenant) { book.remove(entry.id) } }
    }

    private static func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

    /// Ends with the work, or when it is told to stop.
    private func perform(_ job: Job) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.work(on: job) }
            group.addTask { for await _ in job.stop {} }
            _ = await group.next()
            group.cancelAll()
        }
    }

    private func work(on job: Job) async {
        var failure: String?
        do {
            let rows = try await rows(of: job.order)
            book.withLock { $0.found(rows.count, of: job.id) }
            switch job.order.source {
            case .mirror: try await compareMirrored(rows, job)
            case .replay(let keepsPace, let concurrency):
                try await replay(rows, job, keepsPace: keepsPace, concurrency: concurrency)
            }
        } catch let error as ComparisonFailure {
            failure = error.reason
        } catch {
            failure = Task.isCancelled ? nil : "\(error)"
        }
        let state: ComparisonBook.State = failure != nil ? .failed : Task.isCancelled ? .cancelled : .finished
        // Judged once and outside the lock: it sorts what was measured of every pair.
        guard let sum = find(job.id, of: job.order.tenant)?.sum else { return }
        let verdict = ComparisonVerdict(sum, job.order.limits)
        book.withLock { $0.end(job.id, as: state, verdict, failure, at: Self.now()) }
    }

    /// The newest captures that were asked for, in the order in which they came.
    private func rows(of order: ComparisonOrder) async throws -> [CaptureRow] {
        var rows: [CaptureRow] = []
        var query = order.query
        while rows.count < order.count {
            let page = try await captures.list(query)
            // A replay sends what callers sent, once each: not what a mirror was sent of it.
            rows += page.filter { $0.isMirror == (order.source == .mirror) }
            guard page.count == query.count, let last = page.last else { break }
            query.before = last.id
        }
        return rows.prefix(order.count).sorted { ($0.receipt.startedAt, $0.id) < ($1.receipt.startedAt, $1.id) }
    }
}

/// Why a comparison cannot go on.
struct ComparisonFailure: Error {
    let reason: String
}

// MARK: - Mirrored pairs

extension Comparisons {
    private func compareMirrored(_ rows: [CaptureRow], _ job: Job) async throws {
        for row in rows {
            try Task.checkCancellation()
            let step = try await mirrored(row, job)
            book.withLock { $0.note(step, of: job.id) }
        }
    }

    private func mirrored(_ row: CaptureRow, _ job: Job) async throws -> ComparisonStep {
        var query = CaptureQuery(tenant: job.order.tenant, count: CaptureQuery.longestPage)
        query.requestID = row.receipt.requestID
        query.since = row.receipt.startedAt - CaptureRow.longestPair
        query.until = row.receipt.startedAt + CaptureRow.longestPair
        func distance(_ other: CaptureRow) -> Int64 { abs(other.receipt.startedAt - row.receipt.startedAt) }
        let halves = try await captures.list(query).filter { row.isMirror(of: $0) }
        guard let live = halves.min(by: { distance($0) < distance($1) }),
            let one = try await captures.capture(live.id, tenant: job.order.tenant),
            let other = try await captures.capture(row.id, tenant: job.order.tenant)
        else { return .skipped("the caller's half is not captured") }
        if one.row.receipt.outcome == .cancelled { return .skipped(Self.clientLeft) }
        return .compared(
            job.order.comparer.compare(
                ComparedAnswer(one.row, one.content),
                ComparedAnswer(other.row, other.content)
            ),
            capture: live.id,
            requestID: row.receipt.requestID,
            remarks: []
        )
    }

    private static let clientLeft = "the client left before it had the whole answer"
}

// MARK: - Replays

extension Comparisons {
    private func replay(_ rows: [CaptureRow], _ job: Job, keepsPace: Bool, concurrency: Int) async throws {
        let began = ContinuousClock.now
        let first = rows.first?.receipt.startedAt ?? 0
        try await withThrowingTaskGroup(of: Void.self) { group in
            var running = 0
            for row in rows {
                if running >= concurrency {
                    _ = try await group.next()
                    running -= 1
                }
                if keepsPace { try await Task.sleep(until: began + .microseconds(row.receipt.startedAt - first)) }
                try Task.checkCancellation()
                running += 1
                group.addTask {
                    let step = try await self.replayed(row, job)
                    self.book.withLock { $0.note(step, of: job.id) }
                }
            }
            try await group.waitForAll()
        }
    }

    private func replayed(_ row: CaptureRow, _ job: Job) async throws -> ComparisonStep {
        guard let found = try await captures.capture(row.id, tenant: job.order.tenant) else {
            return .skipped("the capture was deleted meanwhile")
        }
        if let reason = Self.obstacle(row, found.content) { return .skipped(reason) }
        let request = ReplayedRequest(
            receipt: row.receipt,
            query: row.query,
            message: found.content.request,
            deployment: job.order.request.to
        )
        switch await send(request) {
        case .unsent(let reason): return .skipped(reason)
        case .ended(let reason):
            try Task.checkCancellation()
            throw ComparisonFailure(reason: reason)
        case .answered(let capture):
            let other = ComparedAnswer(captures.redacted(capture))
            let hasAllHeaders = found.content.loss?.contains(.requestHeaders) != true
            return .compared(
                job.order.comparer.compare(ComparedAnswer(row, found.content), other),
                capture: row.id,
                requestID: row.receipt.requestID,
                remarks: hasAllHeaders ? [] : [Self.headersMissing]
            )
        }
    }

    private static let headersMissing = "requests were sent without headers, or parts of them, that are not kept"

    /// Why a captured request cannot be sent as it was.
    private static func obstacle(_ row: CaptureRow, _ content: CaptureContent) -> String? {
        guard let loss = content.loss else {
            return "an earlier version kept it, and did not note whether anything was taken out of it"
        }
        if loss.contains(.request) { return "the request was not kept" }
        if row.isRequestCut { return "the request is longer than what was kept of it" }
        if loss.contains(.requestContent) { return "the request is redacted" }
        return row.receipt.outcome == .cancelled ? clientLeft : nil
    }
}
