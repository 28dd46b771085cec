/// Metrics as text: what Prometheus and OpenMetrics call an exposition.
package struct MetricPage: Sendable {
    package enum Format: Sendable {
        /// Prometheus's text format 0.0.4.
        case prometheus
        /// OpenMetrics 1.0.
        case openMetrics

        /// - Parameter accept: the header of the request.
        package init(accept: String?) {
            let asked = (accept ?? "").lowercased().split(separator: ",").contains { range in
                let parts = range.split(separator: ";").map { $0.filter { !$0.isWhitespace } }
                let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
                return parts.first == "application/openmetrics-text" && weight > 0
            }
            self = asked ? .openMetrics : .prometheus
        }

        package var contentType: String {
            switch self {
            case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            }
        }
    }

    private let format: Format
    private var text = ""

    /// Families without a sample are left out.
    package static func text(_ families: [MetricFamily], _ format: Format) -> String {
        var page = MetricPage(format: format)
        for family in families where !family.samples.isEmpty { page.add(family) }
        if format == .openMetrics { page.text += "# EOF\n" }
        return page.text
    }

    private init(format: Format) {
        self.format = format
    }

    private mutating func add(_ family: MetricFamily) {
        let suffix =
            switch family.kind {
            case .counter: "_total"
            case .info: "_info"
            case .gauge, .histogram: ""
            }
        // OpenMetrics names the family, Prometheus's older format the sample; it knows no kind for what its labels say.
        let title = format == .openMetrics ? family.name : family.name + suffix
        let kind = format == .prometheus && family.kind == .info ? .gauge : family.kind
        text += "# HELP \(title) \(Self.escaped(family.help))\n# TYPE \(title) \(kind.rawValue)\n"
        for sample in family.samples {
            switch sample.value {
            case .count(let count): add(family.name + suffix, sample.labels, String(count))
            case .number(let number): add(family.name + suffix, sample.labels, Self.text(number))
            case .histogram(let histogram): add(family.name, sample.labels, histogram)
            }
        }
    }

    private mutating func add(_ name: String, _ labels: [MetricFamily.Label], _ histogram: Histogram) {
        let scale = histogram.scale
        var total: Int64 = 0
        for (index, count) in histogram.counts.enumerated() {
            total += count
            let bound = index < scale.bounds.count ? Self.text(Double(scale.bounds[index]) / scale.unit) : "+Inf"
            add(name + "_bucket", labels + [MetricFamily.Label("le", bound)], String(total))
        }
        add(name + "_sum", labels, Self.text(Double(histogram.sum) / scale.unit))
        add(name + "_count", labels, String(total))
    }

    private mutating func add(_ name: String, _ labels: [MetricFamily.Label], _ value: String) {
        text += name
        if !labels.isEmpty {
            text += "{"
            for (index, label) in labels.enumerated() {
                text += (index > 0 ? "," : "") + label.name + "=\"" + Self.escaped(label.value) + "\""
            }
            text += "}"
        }
        text += " " + value + "\n"
    }

    private static func text(_ number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Inf" : "+Inf" }
        return "\(number)"
    }

    /// Most values need no escape.
    private static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x5c || $0 == 0x22 || $0 == 0x0a }) else { return text }
        return text.unicodeScalars.reduce(into: "") { escaped, scalar in
            switch scalar {
            case "\\", "\"": escaped += "\\\(scalar)"
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
    }
}
