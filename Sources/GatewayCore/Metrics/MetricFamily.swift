/// One metric with all its label sets, as a page shows it.
package struct MetricFamily: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
        /// Its labels say all.
        case info
    }

    package struct Label: Sendable, Hashable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package enum Value: Sendable, Equatable {
        case count(Int64)
        case number(Double)
        case histogram(Histogram)
    }

    package struct Sample: Sendable, Equatable {
        package var labels: [Label]
        package var value: Value

        package init(_ labels: [Label] = [], _ value: Value) {
            self.labels = labels
            self.value = value
        }

        /// Whose it is; `nil` = the gateway's.
        package var tenant: String? { labels.first { $0.name == Label.tenantName }?.value }
    }

    /// Without the `_total` of a counter.
    package let name: String
    package let kind: Kind
    /// A sentence.
    package let help: String
    package var samples: [Sample]

    package init(_ kind: Kind, _ name: String, _ help: String, _ samples: [Sample]) {
        self.kind = kind
        self.name = name
        self.help = help
        self.samples = samples
    }
}

extension MetricFamily {
    /// Label sets that a page shows of one metric.
    package static let mostSamples = 1000

    /// What an operator of these tenants may see; `nil` = everything.
    package func seen(by tenants: [String]?) -> MetricFamily {
        guard let tenants else { return self }
        var family = self
        family.samples = samples.filter { $0.tenant.map(tenants.contains) ?? false }
        return family
    }

    /// The first so many label sets; all others together are one, whose labels say `other`, and nothing of a tenant.
    package func bounded(to most: Int = MetricFamily.mostSamples) -> MetricFamily {
        guard samples.count > most else { return self }
        var family = self
        family.samples.removeSubrange((most - 1)...)
        var rest = samples[most - 1]
        for sample in samples[most...] { rest.value.add(sample.value) }
        rest.labels = rest.labels.map { Label($0.name, $0.name == Label.tenantName ? "" : "other") }
        family.samples.append(rest)
        return family
    }
}

extension MetricFamily.Label {
    static let tenantName = "tenant"

    /// Of a deployment.
    package static func place(_ tenant: String, _ endpoint: String, _ deployment: String) -> [Self] {
        [Self(tenantName, tenant), Self("endpoint", endpoint), Self("deployment", deployment)]
    }
}

extension MetricFamily.Value {
    fileprivate mutating func add(_ other: Self) {
        switch (self, other) {
        case (.count(let one), .count(let other)): self = .count(one + other)
        case (.number(let one), .number(let other)): self = .number(one + other)
        case (.histogram(var one), .histogram(let other)):
            one.add(other)
            self = .histogram(one)
        case (.count, _), (.number, _), (.histogram, _): preconditionFailure("a metric has values of one kind")
        }
    }
}
