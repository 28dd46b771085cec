/// What leads an endpoint's requests to a deployment before its split does.
package struct RoutingRule: Sendable {
    package static let none = RoutingRule()

    let canaries: [Canary]
    let versions: VersionTable?
    /// `nil` = nobody is assigned.
    let sticky: StickyRing?
    /// What the sticky assignment and shares of callers tell callers apart by.
    let key: StickyKey

    /// - Parameters:
    ///   - endpoint: `tenant/endpoint`.
    ///   - weights: one for each deployment.
    ///   - owners: the sticky assignment.
    package init(
        _ definition: RoutingDefinition = .none,
        endpoint: String = "",
        deployments: [Deployment] = [],
        weights: [Int] = [],
        owners: StickyBuckets = .none
    ) {
        canaries = definition.canaries.compactMap { canary in
            deployments.firstIndex { $0.name == canary.deployment }
                .map { Canary(canary, deployment: $0, endpoint: endpoint) }
        }
        versions = definition.versions.map { VersionTable($0, deployments: deployments, weights: weights) }
        key = definition.sticky ?? .caller
        sticky =
            definition.sticky == nil
            ? nil
            : StickyRing(endpoint: endpoint, names: deployments.map(\.name), weights: weights, owners: owners)
    }
}

/// The deployment that a request is led to, and by what.
package struct Choice: Sendable, Equatable {
    package enum Reason: Sendable, Equatable {
        /// The caller named the deployment.
        case pinned
        /// The caller asked for its version.
        case version
        case canary
        case standardVersion
        case sticky
        case split
    }

    /// Index into the endpoint's deployments.
    package let deployment: Int
    package let reason: Reason
}

extension Endpoint {
    /// The deployment of a request, asked in this order: pinned, version, canaries, default version, sticky, split.
    ///
    /// - Parameter header: the request's first header of a name.
    func choose(
        _ head: RequestHead,
        _ caller: Caller,
        header: (String) -> String?
    ) throws(Refusal) -> Choice {
        if let pinned = head.pinnedDeployment {
            guard let index = deployments.firstIndex(where: { $0.name == pinned }) else { throw .noSuchDeployment }
            return Choice(deployment: index, reason: .pinned)
        }
        if let index = try routing.versions?.asked(head, header: header) {
            return Choice(deployment: index, reason: .version)
        }
        if !routing.canaries.isEmpty {
            let name = routing.key.value(caller, header: header)
            if let canary = routing.canaries.first(where: { $0.takes(name, header: header) }) {
                return Choice(deployment: canary.deployment, reason: .canary)
            }
        }
        if let index = routing.versions?.pickStandard() { return Choice(deployment: index, reason: .standardVersion) }
        if let ring = routing.sticky, let name = routing.key.value(caller, header: header),
            let index = ring.pick(name)
        {
            return Choice(deployment: index, reason: .sticky)
        }
        guard let index = split.pick() else { throw .noTraffic }
        return Choice(deployment: index, reason: .split)
    }

    /// Whether another deployment may answer where the chosen one cannot.
    func mayServe(_ index: Int, insteadOf choice: Choice) -> Bool {
        switch choice.reason {
        case .pinned: false
        case .version, .standardVersion: routing.versions?.areAlike(index, choice.deployment) ?? false
        case .canary, .sticky, .split: split.hasWeight(index)
        }
    }

    /// Whether a deployment of the fallback chain may answer where the chosen one cannot: who asked for a version is not
    /// answered by another.
    func mayFallBack(to deployment: Deployment, from choice: Choice) -> Bool {
        switch choice.reason {
        case .pinned: false
        case .version: deployment.version == deployments[choice.deployment].version
        case .canary, .standardVersion, .sticky, .split: true
        }
    }
}
