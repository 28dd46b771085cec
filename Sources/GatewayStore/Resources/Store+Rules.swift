package import GatewayCore

/// What limits and quotas can be on.
package enum RuledResource: Sendable, Equatable {
    case tenant(String)
    case endpoint(tenant: String, endpoint: String)
    case deployment(tenant: String, endpoint: String, deployment: String)
    case namedKey(tenant: String, key: String)
}

extension Store {
    /// Sets limits and quotas, and leaves everything else as it is at that moment.
    package func setRules(_ rules: UsageRules, of resource: RuledResource) async throws(StoreError) {
        try await change { transaction in
            switch resource {
            case .tenant(let name): try transaction.definitions.tenants.change(name, by: \.path) { $0.rules = rules }
            case .endpoint(let tenant, let endpoint):
                let path = "\(tenant)/\(endpoint)"
                try transaction.definitions.endpoints.change(path, by: \.path) { $0.rules = rules }
            case .deployment(let tenant, let endpoint, let deployment):
                let path = "\(tenant)/\(endpoint)/\(deployment)"
                try transaction.definitions.deployments.change(path, by: \.path) { $0.rules = rules }
            case .namedKey(let tenant, let name):
                var key = try transaction.namedKey(tenant, name)
                key.rules = rules
                transaction.put(key)
            }
        }
    }
}

extension Array {
    fileprivate mutating func change(
        _ path: String,
        by key: KeyPath<Element, String>,
        _ body: (inout Element) -> Void
    ) throws(StoreError) {
        guard let index = firstIndex(where: { $0[keyPath: key] == path }) else { throw .notFound(resource: path) }
        body(&self[index])
    }
}
