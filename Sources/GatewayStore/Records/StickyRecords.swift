import GRDB
import GatewayCore

extension Definitions {
    /// With the sticky assignments that follow from the weights.
    ///
    /// - Parameter before: the assignments until now.
    func assigned(after before: [String: StickyBuckets]) -> Definitions {
        var definitions = self
        definitions.stickyBuckets = [:]
        for endpoint in endpoints where endpoint.routing.sticky != nil {
            let buckets = before[endpoint.path] ?? .none
            definitions.stickyBuckets[endpoint.path] = buckets.moved(to: endpoint.traffic, endpoint: endpoint.path)
        }
        return definitions
    }
}

extension ConfigurationReader {
    /// By the path of the endpoint.
    func stickyBuckets() throws -> [String: StickyBuckets] {
        var buckets: [String: StickyBuckets] = [:]
        for row in try Row.fetchAll(database, sql: "SELECT * FROM sticky_buckets") {
            let path = owner(row)
            buckets[path] = StickyBuckets(try StoredJSON.value([String].self, row["owners"], place: path))
        }
        return buckets
    }
}

extension ConfigurationWriter {
    func writeStickyBuckets(_ old: Definitions, _ new: Definitions) throws {
        for endpoint in new.endpoints {
            let buckets = new.stickyBuckets[endpoint.path]
            guard buckets != old.stickyBuckets[endpoint.path] else { continue }
            guard let buckets else {
                try run(
                    "DELETE FROM sticky_buckets WHERE tenant = ? AND endpoint = ?",
                    [endpoint.tenant, endpoint.name]
                )
                continue
            }
            try upsert(
                "sticky_buckets",
                keys: 2,
                [
                    ("tenant", endpoint.tenant), ("endpoint", endpoint.name),
                    ("owners", try StoredJSON.text(buckets.owners)),
                ]
            )
        }
    }
}
