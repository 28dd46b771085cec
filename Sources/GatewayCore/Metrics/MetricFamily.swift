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

    /// What the values of label sets beyond the bound come to.
    package enum Rest: Sendable {
        case sum
        /// Of times: whatever comes first.
        case least
        /// Of what is 1 or 0: whether any of them is 1.
        case greatest
    }

    /// Without the `_total` of a counter.
    package let name: String
    package let kind: Kind
    /// A sentence.
    package let help: String
    package var samples: [Sample]
    private let rest: Rest
    /// A label of few values, which is kept beyond the bound too: one sample for each of them.
    private let toldApart: String?

    package init(
        _ kind: Kind,
        _ name: String,
        _ help: String,
        _ samples: [Sample],
        rest: Rest = .sum,
        toldApart: String? = nil
    ) {
        self.kind = kind
        self.name = name
        self.help = help
        self.samples = samples
        self.rest = rest
        self.toldApart = toldApart
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
    ///
    /// They are one for each value of a label that is told apart.
    package func bounded(to most: Int = MetricFamily.mostSamples) -> MetricFamily {
        guard samples.count > most else { return self }
        let shown = max(0, most - Set(samples.map(valueToldApart)).count)
        var family = self
        family.samples.removeSubrange(shown...)
        var indices: [String?: Int] = [:]
        for sample in samples[shown...] {
            let value = valueToldApart(sample)
            if let index = indices[value] {
                family.samples[index].value.add(sample.value, as: rest)
            } else {
                indices[value] = family.samples.count
                family.samples.append(Sample(sample.labels.map(other), sample.value))
            }
        }
        return family
    }

    private func valueToldApart(_ sample: Sample) -> String? {
        toldApart.flatMap { name in sample.labels.first { $0.name == name }?.value }
    }

    private func other(_ label: Label) -> Label {
        label.name == toldApart ? label : Label(label.name, label.name == Label.tenantName ? "" : "other")
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
    fileprivate mutating func add(_ other: Self, as rest: MetricFamily.Rest) {
        switch (self, other) {
        case (.count(let one), .count(let other)): self = .count(rest.of(one, other))
        case (.number(let one), .number(let other)): self = .number(rest.of(one, other))
        case (.histogram(var one), .histogram(let other)):
            one.add(other)
            self = .histogram(one)
        case (.count, _), (.number, _), (.histogram, _): preconditionFailure("a metric has values of one kind")
        }
    }
}

extension MetricFamily.Rest {
    fileprivate func of<Number: Comparable & Numeric>(_ one: Number, _ other: Number) -> Number {
        switch self {
        case .sum: one + other
        case .least: min(one, other)
        case .greatest: max(one, other)
        }
    }
}
