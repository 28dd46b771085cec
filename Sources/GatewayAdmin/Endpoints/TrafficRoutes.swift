import GatewayAPI
import GatewayCore
import GatewayStore
import Hummingbird

/// What `/api/v1/tenants/{tenant}/endpoints/{endpoint}/traffic` answers.
struct TrafficRoutes: Sendable {
    let controlPlane: ControlPlane

    private var store: Store { controlPlane.store }

    @Sendable func get(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        .json(resource(try store.endpoint(context.name("tenant"), context.name("endpoint"))))
    }

    /// Served when it is answered; the operation ends when the deployments that get requests by it are ready.
    @Sendable func put(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let asked = try await JSONBody.decode(TrafficResource.self, from: request)
        guard asked.mirrors == nil else {
            throw APIError(.invalid, "mirrors are counted by the gateway; leave them out", target: "mirrors")
        }
        let change = TrafficChange(
            weights: asked.traffic,
            mirrors: asked.mirrorTraffic,
            standardVersion: asked.defaultVersion
        )
        let endpoint = try store.endpoint(context.name("tenant"), context.name("endpoint"))
        let plan = OperationPlan(
            putting: endpoint,
            leadingTo: change.deploymentsLedTo(of: endpoint, in: store.definitions),
            isNew: false,
            in: store.definitions
        )
        let (changed, operation) = try await controlPlane.operations.perform(plan) {
            try await store.setTraffic(endpoint.tenant, endpoint.name, change)
        }
        return .json(resource(changed)).following(operation)
    }

    private func resource(_ endpoint: EndpointDefinition) -> TrafficResource {
        let served = store.contents.snapshot.tenants[endpoint.tenant]?.endpoints[endpoint.name]
        let mirrors = (served?.mirror.targets ?? []).map { target in
            let counts = target.meter.counts
            return MirrorCountsResource(
                deployment: target.deployment.name,
                sent: counts.sent,
                failed: counts.failed,
                dropped: counts.dropped
            )
        }
        return TrafficResource(
            traffic: endpoint.traffic,
            mirrorTraffic: endpoint.mirrorTraffic,
            defaultVersion: endpoint.routing.versions?.standard,
            mirrors: mirrors
        )
    }
}
