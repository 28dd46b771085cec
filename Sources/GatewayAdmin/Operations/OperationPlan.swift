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

    /// An endpoint is made or changed: done when the deployments that its traffic leads to are ready.
    init(
        putting endpoint: EndpointDefinition,
        leadingTo weights: [String: Int],
        isNew: Bool,
        in controlPlane: ControlPlane
    ) {
        resource = endpoint.path
        tenants = [endpoint.tenant]
        state = isNew ? .creating : .updating
        // One that is being made has an operation of its own, which this one must not end.
        targets = controlPlane.store.definitions.deployments.filter {
            $0.endpointPath == endpoint.path && (weights[$0.name] ?? 0) > 0
                && controlPlane.operations.provisioningState(of: $0.path).isOver
        }
        .map { ControlOperation.Target($0.path, deadline: $0.readinessDeadline) }
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

    /// Documents are applied.
    ///
    /// - Parameter known: paths of the deployments that are there.
    package init(applying deployments: [DeploymentDefinition], tenants: [String], known: Set<String>) {
        resource = "apply"
        self.tenants = tenants
        state = .updating
        targets = deployments.map { deployment in
            ControlOperation.Target(
                deployment.path,
                isNew: !known.contains(deployment.path),
                deadline: deployment.readinessDeadline
            )
        }
    }
}

extension DeploymentDefinition {
    /// Milliseconds that its instances have to become ready: until its readiness probe has failed so often in a row as it
    /// may, and for a model that must be loaded what a start of a worker has.
    var readinessDeadline: Int64 {
        switch serving {
        case .upstream:
            let probe = readiness ?? ProbeSettings()
            return
                (Self.bounded(probe.initialDelay) + Self.bounded(probe.period) * Self.bounded(probe.failureThreshold))
                * 1000
        case .native: return 600_000
        }
    }

    /// The plan is made before the store looks at the numbers: what it will refuse must not overflow here.
    private static func bounded(_ number: Int) -> Int64 { Int64(min(max(number, 0), 86_400)) }
}
