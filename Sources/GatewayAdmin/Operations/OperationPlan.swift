package import GatewayCore
import GatewayStore

/// What an operation is to be about, before it begins.
package struct OperationPlan: Sendable {
    let resource: String
    let tenants: [String]
    /// `creating`, `updating` or `deleting`.
    let state: ControlOperation.State
    let targets: [ControlOperation.Target]

    /// One deployment is made or changed.
    package init(putting deployment: DeploymentDefinition, isNew: Bool) {
        resource = deployment.path
        tenants = [deployment.tenant]
        state = isNew ? .creating : .updating
        targets = [ControlOperation.Target(deployment.path, deadline: deployment.readinessDeadline)]
    }

    /// An endpoint is made or changed: done when the deployments that it leads requests to are ready.
    init(
        putting endpoint: EndpointDefinition,
        leadingTo names: Set<String>,
        isNew: Bool,
        in definitions: Definitions
    ) {
        resource = endpoint.path
        tenants = [endpoint.tenant]
        state = isNew ? .creating : .updating
        targets = Self.awaited(names, of: endpoint, in: definitions)
    }

    /// A resource is removed: over as soon as it is not served any more.
    package init(deleting resource: String, of tenant: String) {
        self.resource = resource
        tenants = [tenant]
        state = .deleting
        targets = []
    }

    /// A resource that needs no instance is made or changed.
    package init(putting resource: String, of tenant: String, isNew: Bool) {
        self.resource = resource
        tenants = [tenant]
        state = isNew ? .creating : .updating
        targets = []
    }

    /// Documents are applied: done when their deployments are ready, and those that their endpoints lead requests to.
    ///
    /// - Parameter definitions: what is there before.
    package init(
        applying deployments: [DeploymentDefinition],
        _ endpoints: [EndpointDefinition] = [],
        tenants: [String],
        over definitions: Definitions
    ) {
        resource = "apply"
        self.tenants = tenants
        state = .updating
        let known = Set(definitions.deployments.map(\.path))
        let own = deployments.map { deployment in
            ControlOperation.Target(
                deployment.path,
                isNew: !known.contains(deployment.path),
                deadline: deployment.readinessDeadline
            )
        }
        let paths = Set(own.map(\.deployment))
        let awaited = endpoints.flatMap { endpoint in
            let before = definitions.endpoints.first { $0.path == endpoint.path }
            let names = endpoint.deploymentsLedTo(over: before, in: definitions)
            return Self.awaited(names, of: endpoint, in: definitions)
        }
        targets = own + awaited.filter { !paths.contains($0.deployment) }
    }

    private static func awaited(
        _ names: Set<String>,
        of endpoint: EndpointDefinition,
        in definitions: Definitions
    ) -> [ControlOperation.Target] {
        definitions.deployments.filter { $0.endpointPath == endpoint.path && names.contains($0.name) }.map {
            ControlOperation.Target($0.path, isAwaited: true, deadline: $0.readinessDeadline)
        }
    }
}

extension DeploymentDefinition {
    /// Milliseconds that its instances have to become ready: until its readiness probe has failed so often in a row as it
    /// may, and for a worker without one, whose model must be loaded, its `start_seconds`.
    var readinessDeadline: Int64 {
        if case .native(let native) = serving, readiness == nil { return Self.bounded(native.startSeconds) * 1000 }
        let probe = readiness ?? ProbeSettings()
        return (Self.bounded(probe.initialDelay) + Self.bounded(probe.period) * Self.bounded(probe.failureThreshold))
            * 1000
    }

    /// The plan is made before the store looks at the numbers: what it will refuse must not overflow here.
    private static func bounded(_ number: Int) -> Int64 { Int64(min(max(number, 0), 86_400)) }
}
