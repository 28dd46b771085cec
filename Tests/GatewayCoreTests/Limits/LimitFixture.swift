import Dispatch
import Foundation
import Synchronization
import Testing

@testable import GatewayCore

/// One subject with rules, and requests to it.
struct LimitFixture: Sendable {
    /// 14 November 2023, 12:00:00 UTC, a Tuesday.
    static let noon: Int64 = 1_699_963_200
    static let chat = UsageSubject.endpoint(tenant: "demo", endpoint: "chat")

    let registry: UsageRegistry
    let scopes: UsageScopes
    var price: Price?

    init(limits: [LimitRule] = [], quotas: [QuotaRule] = [], price: Price? = nil, registry: UsageRegistry? = nil) {
        self.registry = registry ?? UsageRegistry(wall: { Self.noon })
        self.price = price
        let rules = UsageRules(limits: limits, quotas: quotas)
        scopes = UsageScopes(endpoint: self.registry.scope(Self.chat, rules))
    }

    /// An instant some seconds after noon by both clocks, which may be stepped apart.
    static func at(_ seconds: Double, wallStep: Int64 = 0) -> Moment {
        Moment(uptime: 5_000_000_000_000 + Int64(seconds * 1e9), wall: noon + Int64(seconds) + wallStep)
    }

    func reserve(
        _ demand: Demand = Demand(),
        from address: String? = nil,
        at now: Moment = LimitFixture.at(0)
    ) throws(Refusal) -> Permit {
        let permit = try registry.reserve(
            scopes,
            demand,
            address: address.flatMap(IPAddress.init),
            price: price,
            at: now
        )
        guard let permit else { preconditionFailure("the fixture has rules") }
        return permit
    }

    /// The permit or why there is none.
    func attempt(
        _ demand: Demand = Demand(),
        from address: String? = nil,
        at now: Moment = LimitFixture.at(0)
    ) -> Result<Permit, Refusal> {
        Result { () throws(Refusal) in try reserve(demand, from: address, at: now) }
    }

    func refusal(_ demand: Demand = Demand(), from address: String? = nil, at now: Moment = at(0)) -> LimitRefusal? {
        guard case .failure(.limited(let refusal)) = attempt(demand, from: address, at: now) else { return nil }
        return refusal
    }

    /// How many of so many requests pass, each kept until the end.
    func passing(_ count: Int, _ demand: Demand = Demand(), from address: String? = nil, at now: Moment = at(0)) -> Int
    {
        let permits = (0..<count).compactMap { _ in try? reserve(demand, from: address, at: now) }
        let passed = permits.count
        for permit in permits { permit.settle(.used(demand), at: now) }
        return passed
    }
}

extension ActualUsage {
    /// An answer that used what was estimated.
    static func used(_ demand: Demand) -> ActualUsage {
        ActualUsage(
            inputTokens: demand.inputTokens,
            outputTokens: demand.outputTokens,
            bodyBytes: demand.bodyBytes,
            isAnswered: true
        )
    }

    static var failed: ActualUsage { ActualUsage(isAnswered: false) }

    static func tokens(_ input: Int64, _ output: Int64 = 0) -> ActualUsage {
        ActualUsage(inputTokens: input, outputTokens: output, isAnswered: true)
    }
}

/// Collects what threads tell.
final class Gathered<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    var all: [Element] { elements.withLock { $0 } }
    func add(_ element: Element) { elements.withLock { $0.append(element) } }
}

/// Lets threads through when all of them have come.
private final class StartLine: Sendable {
    private let missing: Atomic<Int>

    init(_ threads: Int) { missing = Atomic(threads) }

    func arrive() {
        missing.subtract(1, ordering: .acquiringAndReleasing)
        while missing.load(ordering: .acquiring) > 0 { sched_yield() }
    }
}

/// Does the work a thousand times on eight threads that start at one moment.
func thousandAtOnce<Value: Sendable>(_ work: @escaping @Sendable (Int) -> Value) -> [Value] {
    let threads = 8
    let gathered = Gathered<[Value]>()
    let start = StartLine(threads)
    let group = DispatchGroup()
    for thread in 0..<threads {
        group.enter()
        Thread.detachNewThread {
            start.arrive()
            gathered.add(stride(from: thread, to: 1000, by: threads).map(work))
            group.leave()
        }
    }
    group.wait()
    return gathered.all.flatMap(\.self)
}

extension Permit {
    /// What the response headers say.
    var report: LimitReport {
        var told: [LimitReport.Family: LimitReport.Entry] = [:]
        forEachLimit { family, entry in
            #expect(told[family] == nil)
            told[family] = entry
        }
        return LimitReport(
            requests: told[.requests],
            tokens: told[.tokens],
            timed: told[.timed],
            warnings: warnings
        )
    }

    /// How each rule that refuses stood at the decision.
    var entries: [LimitReport.Entry] {
        var entries: [LimitReport.Entry] = []
        var index = 0
        scopes.visit { scope, number, bound in
            if !bound.isWarnOnly { entries.append(LimitReport.Entry(holdings[index], bound, scope.words[number])) }
            index += 1
        }
        return entries
    }
}

extension LimitReport {
    /// Of each kind the entry that leaves the smallest share free.
    static func tightest(of entries: [Entry]) -> LimitReport {
        func tightest(_ measures: [Measure]) -> Entry? {
            entries.filter { measures.contains($0.words.measure) }.min { $0.freeShare < $1.freeShare }
        }
        return LimitReport(
            requests: tightest([.requests]),
            tokens: tightest([.tokens]),
            timed: tightest([.requests, .tokens, .bodyBytes])
        )
    }
}

extension LimitReport.Entry {
    var policy: String { words.policy }

    fileprivate var freeShare: Double { Double(remaining) / (Double(words.limit) ?? 0) }
}
