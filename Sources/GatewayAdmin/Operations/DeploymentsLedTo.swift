import GatewayCore
import GatewayStore

extension TrafficChange {
    /// Names of the deployments that answer callers by it: by weight, or for the default version.
    ///
    /// Not its mirrors: no caller depends on them, they may come later, and their counts say how they are.
    func deploymentsLedTo(of endpoint: EndpointDefinition, in definitions: Definitions) -> Set<String> {
        let shares = (weights ?? [:]).filter { $0.value > 0 }.map(\.key)
        guard let standardVersion else { return Set(shares) }
        let serving = definitions.deployments
            .filter { $0.endpointPath == endpoint.path && definitions.version(of: $0) == standardVersion }
            .map(\.name)
        // As `VersionTable` does: those with weight, else all.
        let weighted = serving.filter { (weights ?? endpoint.traffic)[$0] ?? 0 > 0 }
        return Set(shares + (weighted.isEmpty ? serving : weighted))
    }
}

extension EndpointDefinition {
    /// Names of the deployments that putting it leads requests to: all that have weight, and of canaries and the default
    /// version those that are new, since what else is put again was not asked for.
    func deploymentsLedTo(over before: EndpointDefinition?, in definitions: Definitions) -> Set<String> {
        let standard = routing.versions?.standard
        let change = TrafficChange(
            weights: traffic,
            standardVersion: standard == before?.routing.versions?.standard ? nil : standard
        )
        let canaries = Set(routing.canaries.map(\.deployment))
        let known = before?.routing.canaries.map(\.deployment) ?? []
        return change.deploymentsLedTo(of: self, in: definitions).union(canaries.subtracting(known))
    }
}
