/// How one resource of Azure ML names an asset: an ARM id, `azureml:name:version`, or a registry's URI.
package struct AssetReference: Sendable, Equatable {
    /// `models`, `environments`, `codes`, `data`.
    package let kind: String
    package let name: String
    package let version: String

    package init(kind: String, name: String, version: String) {
        self.kind = kind
        self.name = name
        self.version = version
    }

    /// - Parameter kind: what is expected; of another kind it is `nil`, and so is what is no reference.
    package init?(_ text: String, kind: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count >= 4, parts[parts.count - 2].lowercased() == "versions",
            parts[parts.count - 4].lowercased() == kind
        {
            self.init(kind: kind, name: String(parts[parts.count - 3]), version: String(parts[parts.count - 1]))
        } else {
            var rest = Substring(text)
            if rest.hasPrefix("azureml:") { rest = rest.dropFirst("azureml:".count) }
            let words = rest.split(separator: ":", omittingEmptySubsequences: false)
            guard words.count == 2 else { return nil }
            self.init(kind: kind, name: String(words[0]), version: String(words[1]))
        }
        guard !name.isEmpty, !version.isEmpty, !name.contains("/"), !version.contains("/") else { return nil }
    }

    /// Whether the text is of somebody else's registry, whose assets nobody here knows.
    package static func isForeign(_ text: String) -> Bool { text.lowercased().hasPrefix("azureml://registries/") }

    package func id(in scope: ARMScope) -> String { "\(scope.id)/\(kind)/\(name)/versions/\(version)" }
}
