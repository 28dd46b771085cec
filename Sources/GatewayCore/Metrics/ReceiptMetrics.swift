import Synchronization

/// Counts what receipts tell, since the start.
///
/// Told on the thread of the receipts' writer, in batches: an exchange pays nothing for it. A scrape takes a copy.
package final class ReceiptMetrics: Sendable {
    private let book = Mutex(ReceiptBook())

    package init() {}

    package func observe(_ receipts: [Receipt]) {
        book.withLock { book in
            for receipt in receipts { book.note(receipt) }
        }
    }

    /// Whoever gets a tenant's name next sees nothing of what was counted, nor of requests that began before now.
    ///
    /// What a tenant itself deletes stays counted until the tenant goes.
    ///
    /// - Parameter now: microseconds since 1970.
    package func forget(_ gone: [UsageSubject], at now: Int64) {
        book.withLock { $0.forget(gone, at: now) }
    }

    package var families: [MetricFamily] { book.withLock { $0 }.families }
}

/// What was counted of each deployment.
struct ReceiptBook: Sendable {
    struct Place: Hashable {
        var tenant: String
        var endpoint: String
        var deployment: String

        /// No tenant has an empty name: it is nobody's, so that no tenant's operator sees it.
        static let rest = Place(tenant: "", endpoint: "other", deployment: "other")
    }

    /// No exchange takes longer, in microseconds.
    private static let longestExchange: Int64 = 86_400_000_000

    private let most: Int
    private var indices: [Place: Int] = [:]
    private var places: [Place] = []
    private var series: [ReceiptSeries] = []
    /// When tenants were deleted of which requests may still be under way, microseconds since 1970.
    private(set) var ends: [String: Int64] = [:]

    /// - Parameter most: deployments that are told apart.
    init(most: Int = MetricFamily.mostSamples) {
        self.most = most
    }

    mutating func note(_ receipt: Receipt) {
        if !ends.isEmpty, let end = ends[receipt.tenant], receipt.startedAt <= end { return }
        let place = Place(tenant: receipt.tenant, endpoint: receipt.endpoint, deployment: receipt.deployment)
        series[index(of: place)].note(receipt)
    }

    mutating func forget(_ gone: [UsageSubject], at now: Int64) {
        let tenants = Set(gone.compactMap { if case .tenant(let tenant) = $0 { tenant } else { nil } })
        guard !tenants.isEmpty else { return }
        ends = ends.filter { $0.value >= now - Self.longestExchange }
        for tenant in tenants { ends[tenant] = now }
        let kept = zip(places, series).filter { place, _ in !tenants.contains(place.tenant) }
        places = kept.map(\.0)
        series = kept.map(\.1)
        indices = Dictionary(uniqueKeysWithValues: zip(places, places.indices))
    }

    private mutating func index(of place: Place) -> Int {
        if let index = indices[place] { return index }
        guard series.count < most - 1 || place == .rest else { return index(of: .rest) }
        indices[place] = series.count
        places.append(place)
        series.append(ReceiptSeries())
        return series.count - 1
    }

    var families: [MetricFamily] {
        ReceiptFamily.all.map { family in
            MetricFamily(
                family.kind,
                family.name,
                family.help,
                zip(places, series).flatMap { place, series in
                    let labels = MetricFamily.Label.place(place.tenant, place.endpoint, place.deployment)
                    return family.samples(series, place.endpoint).map { sample in
                        MetricFamily.Sample(labels + sample.labels, sample.value)
                    }
                }
            )
        }
    }
}
