import GatewayAPI
import GatewayCore
import GatewayStore

/// Tenants, endpoints and deployments.
extension Routes {
    var tenants: [Route] {
        let tenants = TenantRoutes(controlPlane: controlPlane)
        let path = "/tenants/:tenant"
        return [
            .get(
                "/tenants",
                .read,
                "Lists the tenants.",
                answers: .page(TenantResource.self),
                scope: .own,
                use: tenants.list
            ),
            .get(
                path,
                .read,
                "Shows a tenant.",
                answers: .one(TenantResource.self),
                tagged: .tenant,
                use: tenants.get
            ),
            .put(
                path,
                .tenant,
                "Makes or changes a tenant.",
                takes: TenantResource.self,
                answers: .put(TenantResource.self),
                tagged: .tenant,
                use: tenants.put
            ),
            .delete(path, .tenant, "Removes a tenant with all it owns.", tagged: .tenant, use: tenants.delete),
            .post(
                path + "/suspend",
                .tenant,
                "Lets a tenant's keys, tokens and operators open nothing.",
                answers: .one(TenantResource.self),
                scope: .gateway,
                use: tenants.suspend
            ),
            .post(
                path + "/resume",
                .tenant,
                "Ends a tenant's suspension.",
                answers: .one(TenantResource.self),
                scope: .gateway,
                use: tenants.resume
            ),
        ]
    }

    var endpoints: [Route] {
        let endpoints = EndpointRoutes(controlPlane: controlPlane)
        let list = "/tenants/:tenant/endpoints"
        let path = list + "/:endpoint"
        return [
            .get(list, .read, "Lists endpoints.", answers: .page(EndpointResource.self), use: endpoints.list),
            .get(
                path,
                .read,
                "Shows an endpoint.",
                answers: .one(EndpointResource.self),
                tagged: .endpoint,
                use: endpoints.get
            ),
            .put(
                path,
                .endpoints,
                "Makes or changes an endpoint.",
                takes: EndpointResource.self,
                answers: .put(EndpointResource.self),
                tagged: .endpoint,
                use: endpoints.put
            ),
            .delete(
                path,
                .endpoints,
                """
                Removes an endpoint with its deployments and keys; Operation-Location names the operation that ends when it \
                is gone.
                """,
                tagged: .endpoint,
                use: endpoints.delete
            ),
            .put(
                path + "/maintenance",
                .deployments,
                "Closes an endpoint with a message.",
                takes: MaintenanceResource.self,
                answers: .one(EndpointResource.self),
                tagged: .endpoint,
                use: endpoints.startMaintenance
            ),
            .delete(
                path + "/maintenance",
                .deployments,
                "Opens an endpoint again.",
                answers: .one(EndpointResource.self),
                tagged: .endpoint,
                use: endpoints.endMaintenance
            ),
        ] + traffic(path + "/traffic")
    }

    private func traffic(_ path: String) -> [Route] {
        let traffic = TrafficRoutes(controlPlane: controlPlane)
        return [
            .get(
                path,
                .read,
                "Shows where an endpoint's traffic goes.",
                answers: .one(TrafficResource.self),
                tagged: .endpoint,
                use: traffic.get
            ),
            .put(
                path,
                .deployments,
                """
                Changes weights, mirrors or the default version; what is left out stays as it is. Operation-Location \
                names the operation that ends when the deployments that get traffic are ready.
                """,
                takes: TrafficResource.self,
                answers: .one(TrafficResource.self),
                tagged: .endpoint,
                use: traffic.put
            ),
        ]
    }

    var deployments: [Route] {
        let deployments = DeploymentRoutes(controlPlane: controlPlane)
        let list = "/tenants/:tenant/endpoints/:endpoint/deployments"
        let path = list + "/:deployment"
        return [
            .get(
                list,
                .read,
                "Lists an endpoint's deployments.",
                answers: .page(DeploymentResource.self),
                use: deployments.list
            ),
            .get(
                path,
                .read,
                "Shows a deployment.",
                answers: .one(DeploymentResource.self),
                tagged: .deployment,
                use: deployments.get
            ),
            .put(
                path,
                .deployments,
                "Makes or changes a deployment; Operation-Location names the operation that ends when it is ready.",
                takes: DeploymentResource.self,
                answers: .put(DeploymentResource.self),
                tagged: .deployment,
                use: deployments.put
            ),
            .delete(
                path,
                .deployments,
                "Removes a deployment; Operation-Location names the operation that ends when it is gone.",
                tagged: .deployment,
                use: deployments.delete
            ),
            .get(
                path + "/logs",
                .read,
                "Shows the last lines of a deployment's log.",
                answers: .one(ResourceList<LogLineResource>.self),
                query: [
                    QueryParameter(name: "tail", kind: .number(1...1000), summary: "How many lines; 50 if not given."),
                    QueryParameter(
                        name: "instance",
                        kind: .number(0...999),
                        summary: "Of a native deployment, only this worker's lines."
                    ),
                ],
                use: deployments.logs
            ),
            .post(
                path + "/warm",
                .deployments,
                "Starts a worker of a native deployment where none runs, before requests come.",
                answers: .one(DeploymentResource.self),
                use: deployments.warm
            ),
        ] + secrets(path + "/secrets")
    }

    private func secrets(_ list: String) -> [Route] {
        let secrets = DeploymentSecretRoutes(store: controlPlane.store)
        return [
            .get(
                list,
                .read,
                "Lists a deployment's secrets, without their values.",
                answers: .page(DeploymentSecretResource.self),
                use: secrets.list
            ),
            .put(
                list + "/:secret",
                .deployments,
                "Keeps a value sealed for a deployment's headers, which refer to it as ${secret:NAME}.",
                takes: DeploymentSecretRequest.self,
                answers: .put(DeploymentSecretResource.self),
                tagged: .deploymentSecret,
                use: secrets.put
            ),
            .delete(
                list + "/:secret",
                .deployments,
                "Forgets a secret that no header refers to.",
                tagged: .deploymentSecret,
                use: secrets.delete
            ),
        ]
    }
}
