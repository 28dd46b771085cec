import GatewayAPI
import GatewayCore

extension YAMLMapping {
    /// Azure's `data_collector`; `nil` where none of its collections is enabled.
    func dataCollector(_ key: String) -> CaptureResource? {
        let known = ["collections", "rolling_rate", "sampling_rate", "request_logging"]
        guard let collector = object(key, known: known) else { return nil }
        let rate = collector.number("sampling_rate", in: 0...1) ?? 1
        let rolling = collector.word("rolling_rate", of: RollingRate.allCases.map(\.rawValue))
        let logging = collector.object("request_logging", known: ["capture_headers"])
        let names = collector.collections("collections")
        guard !names.isEmpty else { return nil }
        return CaptureResource(
            headers: CaptureCollection.headers(logging?.strings("capture_headers") ?? []),
            collections: names.sorted().map { .init(name: $0, samplingRate: rate) },
            rollingRate: rolling
        )
    }

    /// The names of those that are enabled.
    private func collections(_ key: String) -> [String] {
        guard let member = self[key] else { return [] }
        guard let entries = Self.entries(member.node) else {
            refuse(key, "must be a mapping of names to collections")
            return []
        }
        return entries.compactMap { name, line, node in
            let path = "\(fullName(key)).\(name)"
            let keys = ["enabled", "data", "client_id"]
            guard let collection = YAMLMapping(node, file: file, path: path, known: keys, log: log) else { return nil }
            if collection["enabled"] == nil {
                collection.refuse("enabled", "is required", hint: "write 'true' or 'false'")
            }
            guard collection.boolean("enabled") == true else { return nil }
            collection.warn("data", "has no meaning here: gatehouse captures export and captures.export say where to")
            collection.warn("client_id", "has no meaning here: nothing is written to Azure")
            guard CaptureCollection.known.contains(name) else {
                let hint = "write \(CaptureCollection.known.joined(separator: ", "))"
                let message = "\(path): only a scoring script fills it, and none is run"
                log.note(DocumentProblem(file: file, line: line, message: message, hint: hint))
                return nil
            }
            return name
        }
    }
}
