import Foundation
import GatewayAPI
import GatewayCore

/// Azure's `dataCollector` of a deployment as its client put it, and as it is shown.
struct AzureDataCollector: Sendable {
    private static let target = "properties.dataCollector"
    private static let mode = "dataCollectionMode"

    /// What it asks to keep; `nil` when no collection of it that is filled here is enabled.
    let rule: CaptureRule?
    /// Enabled collections that only a scoring script fills.
    let unfilled: [String]

    init(_ value: ARMValue?) throws(APIError) {
        var found: [CaptureCollection] = []
        var unfilled: [String] = []
        for (name, value) in (value?["collections"]?.members ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard try Self.isEnabled(value, name) else { continue }
            let collection = CaptureCollection(name: name, samplingRate: try Self.rate(value, name))
            if collection.half == nil { unfilled.append(name) } else { found.append(collection) }
        }
        self.unfilled = unfilled
        rule = CaptureRule(
            collecting: found,
            headers: try Self.headers(value?["requestLogging"]?["captureHeaders"]),
            rollingRate: try value?["rollingRate"]?.text.map { text throws(APIError) in
                try RollingRate(text, "\(Self.target).rollingRate")
            }
        )
    }

    private static func isEnabled(_ value: ARMValue, _ name: String) throws(APIError) -> Bool {
        switch value[mode]?.text?.lowercased() {
        case "enabled": true
        case "disabled", nil: false
        default:
            throw APIError(.invalid, "is neither Enabled nor Disabled", target: "\(target).collections.\(name).\(mode)")
        }
    }

    private static func rate(_ value: ARMValue, _ name: String) throws(APIError) -> Double {
        let rate: Double? =
            switch value["samplingRate"] {
            case nil: 1
            case .integer(let rate): Double(rate)
            case .number(let rate): rate
            default: nil
            }
        guard let rate, (0...1).contains(rate) else {
            let target = "\(target).collections.\(name).samplingRate"
            throw APIError(.invalid, "must be a number from 0 to 1", target: target)
        }
        return rate
    }

    private static func headers(_ value: ARMValue?) throws(APIError) -> [String] {
        guard let value else { return [] }
        guard let texts = value.list?.map(\.text), !texts.contains(nil) else {
            throw APIError(.invalid, "must be a list of texts", target: "\(target).requestLogging.captureHeaders")
        }
        return texts.compactMap(\.self)
    }
}

/// Showing.
extension AzureDataCollector {
    /// What is in force, with what a client said beside it: collections that it has disabled, where Azure stores them.
    ///
    /// - Parameter kept: what the client sent last.
    static func shown(_ rule: CaptureRule?, kept: ARMValue?) -> ARMValue? {
        let enabled = rule?.collections ?? []
        var collections = kept?["collections"]?.members ?? [:]
        for (name, value) in collections where CaptureCollection(name: name, samplingRate: 1).half != nil {
            var value = value
            value.set(mode, "Disabled")
            collections[name] = value
        }
        for collection in enabled {
            var value = collections[collection.name] ?? [:]
            value.set(mode, "Enabled")
            value.set("samplingRate", .number(collection.samplingRate))
            collections[collection.name] = value
        }
        guard !collections.isEmpty else { return nil }
        var shown = kept ?? [:]
        shown.set("collections", .object(collections))
        guard !enabled.isEmpty, let rule else { return shown }
        if kept?["rollingRate"]?.text?.lowercased() != rule.rollingRate?.rawValue {
            shown.set("rollingRate", rule.rollingRate.map { .string($0.rawValue.capitalized) })
        }
        let headers = rule.headers ?? []
        let said = kept?["requestLogging"]?["captureHeaders"]?.list?.compactMap(\.text) ?? []
        if CaptureCollection.headers(said) != headers {
            let captured = headers.filter { $0 != "content-type" }.map(ARMValue.string)
            shown.set("requestLogging", captured.isEmpty ? nil : ["captureHeaders": .array(captured)])
        }
        return shown
    }
}
