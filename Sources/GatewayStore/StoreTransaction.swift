import GatewayCore

/// A change in the making: the next state of the configuration, not yet checked nor written.
struct StoreTransaction {
    var definitions: Definitions
    var certificates: [StoredCertificate]
    /// Keys made by this change, by their place.
    private(set) var issued: [String: KeySecret] = [:]

    init(_ contents: StoreContents) {
        definitions = contents.definitions
        certificates = contents.certificates
    }

    /// Puts a new key into a slot; what was there opens nothing any more.
    mutating func issueKey(_ tenant: String, _ endpoint: String, slot: KeySlot) {
        let secret = KeySecret.generate()
        let key = EndpointKey(tenant: tenant, endpoint: endpoint, slot: slot, digest: secret.digest)
        definitions.keys.removeAll { $0.place == key.place }
        definitions.keys.append(key)
        issued[key.place] = secret
    }

    /// Replaces or adds; a new endpoint gets its pair of keys.
    mutating func put(_ endpoint: EndpointDefinition) {
        if let index = definitions.endpoints.firstIndex(where: { $0.path == endpoint.path }) {
            definitions.endpoints[index] = endpoint
            return
        }
        definitions.endpoints.append(endpoint)
        for slot in KeySlot.allCases { issueKey(endpoint.tenant, endpoint.name, slot: slot) }
    }

    mutating func put(_ deployment: DeploymentDefinition) {
        if let index = definitions.deployments.firstIndex(where: { $0.path == deployment.path }) {
            definitions.deployments[index] = deployment
        } else {
            definitions.deployments.append(deployment)
        }
    }

    /// With everything that the tenant owns.
    mutating func removeTenant(_ name: String) {
        definitions.tenants.removeAll { $0.name == name }
        definitions.models.removeAll { $0.tenant == name }
        definitions.endpoints.removeAll { $0.tenant == name }
        definitions.deployments.removeAll { $0.tenant == name }
        definitions.keys.removeAll { $0.tenant == name }
    }

    /// With its deployments and keys.
    mutating func removeEndpoint(_ path: String) {
        definitions.endpoints.removeAll { $0.path == path }
        definitions.deployments.removeAll { $0.endpointPath == path }
        definitions.keys.removeAll { $0.endpointPath == path }
    }

    /// With its place in the traffic split; a weight that it still has makes the split invalid, which the compiler says.
    mutating func removeDeployment(_ deployment: DeploymentDefinition) {
        definitions.deployments.removeAll { $0.path == deployment.path }
        guard let index = definitions.endpoints.firstIndex(where: { $0.path == deployment.endpointPath }) else {
            return
        }
        if definitions.endpoints[index].traffic[deployment.name] == 0 {
            definitions.endpoints[index].traffic[deployment.name] = nil
        }
    }
}
