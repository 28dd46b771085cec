import Foundation
import Testing

/// What the dashboard and the README tell of the metrics that there are in the source.
@Suite struct DashboardTests {
    private static let root = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in
        url.deletingLastPathComponent()
    }

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// The families of the source, as a page calls them before their endings.
    private static func families() throws -> Set<String> {
        var names: Set<String> = []
        for folder in ["Sources/GatewayCore/Metrics", "Sources/gatehouse/Metrics"] {
            for file in try FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path) {
                let text = try text("\(folder)/\(file)")
                // Not labels.
                for match in text.matches(of: /(?:Label\()?"((?:gatehouse|gen_ai)_[a-z_]+)"/)
                where !match.0.hasPrefix("Label") {
                    names.insert(String(match.1))
                }
            }
        }
        return names
    }

    private static func missing(in text: String) throws -> Set<String> {
        let endings = /_(total|info|bucket|sum|count)$/
        let words = text.matches(of: /\b(gatehouse|gen_ai)_[a-z_]+/).map { String($0.0) }
        return try families().subtracting(words).subtracting(words.map { $0.replacing(endings, with: "") })
    }

    @Test func `the source has many families, among them those of models`() throws {
        let families = try Self.families()
        #expect(families.count > 30 && families.contains("gen_ai_client_token_usage"), "\(families.sorted())")
        #expect(families.contains("gatehouse_replayed_requests") && !families.contains("gen_ai_token_type"))
    }

    @Test func `every metric is on a panel of the dashboard, also one that few gateways ever count`() throws {
        #expect(try Self.missing(in: Self.text("deploy/grafana/gatehouse.json")) == [])
    }

    @Test func `the README has every metric`() throws {
        #expect(try Self.missing(in: Self.text("README.md")) == [])
    }
}
