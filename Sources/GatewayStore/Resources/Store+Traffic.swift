package import GatewayCore

/// A change of where an endpoint's traffic goes; what is `nil` stays as it is.
package struct TrafficChange: Sendable, Equatable {
    package var weights: [String: Int]?
    package var mirrors: [String: Int]?
    /// The version that callers get who ask for none.
    package var standardVersion: String?

    package init(weights: [String: Int]? = nil, mirrors: [String: Int]? = nil, standardVersion: String? = nil) {
        self.weights = weights
        self.mirrors = mirrors
        self.standardVersion = standardVersion
    }
}

extension Store {
    /// - Returns: the endpoint as it is then.
    package func setTraffic(
        _ tenant: String,
        _ endpoint: String,
        _ wanted: TrafficChange
    ) async throws(StoreError) -> EndpointDefinition {
        let path = "\(tenant)/\(endpoint)"
        return try await change { transaction in
            guard let index = transaction.definitions.endpoints.firstIndex(where: { $0.path == path }) else {
                throw StoreError.notFound(resource: path)
            }
            var endpoint = transaction.definitions.endpoints[index]
            if let weights = wanted.weights { endpoint.traffic = weights }
            if let mirrors = wanted.mirrors { endpoint.mirrorTraffic = mirrors }
            if let version = wanted.standardVersion {
                guard endpoint.routing.versions != nil else {
                    let message = "the endpoint has no versions; say first how callers ask for one (gatehouse.versions)"
                    throw Problem(.unknownVersion, path, field: "defaultVersion", message)
                }
                endpoint.routing.versions?.standard = version
            }
            transaction.definitions.endpoints[index] = endpoint
            return endpoint
        }
    }
}

extension EndpointDefinition {
    /// Why a deployment cannot go now, as a sentence that begins with its name; `nil` when nothing leads to it.
    func use(of deployment: String) -> String? {
        if let weight = traffic[deployment], weight > 0 {
            return "has \(weight) % of the traffic; give its weight to another deployment first"
        }
        if let percent = mirrorTraffic[deployment], percent > 0 {
            return "is a mirror of \(percent) % of the traffic; set its mirror traffic to 0 first"
        }
        if routing.canaries.contains(where: { $0.deployment == deployment }) {
            return "is a canary of the endpoint; take it out of gatehouse.canary first"
        }
        return nil
    }

    /// Takes a deployment that is gone out of what says nothing about it.
    mutating func forget(_ deployment: String) {
        if traffic[deployment] == 0 { traffic[deployment] = nil }
        if mirrorTraffic[deployment] == 0 { mirrorTraffic[deployment] = nil }
    }
}
