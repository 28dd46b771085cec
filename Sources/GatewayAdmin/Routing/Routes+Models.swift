import GatewayAPI

/// Models: what is registered, and what is fetched.
extension Routes {
    var models: [Route] {
        let models = ModelRoutes(store: controlPlane.store, pulls: controlPlane.pulls)
        let list = "/tenants/:tenant/models"
        let path = list + "/:model/versions/:version"
        return [
            .get(list, .read, "Lists registered models.", answers: .page(ModelResource.self), use: models.list),
            .post(
                list,
                .gateway,
                "Registers a file on the gateway's machine as a version of a model.",
                takes: ModelResource.self,
                answers: .put(ModelResource.self),
                scope: .gateway,
                use: models.register
            ),
            .post(
                "/tenants/:tenant/pulls",
                .deployments,
                """
                Fetches a model from the hub or a URL and registers it; Operation-Location names the operation that tells how \
                far it is, and ends when the model is there.
                """,
                takes: ModelPullRequest.self,
                answers: Route.Answer(statuses: [202], body: OperationResource.self),
                use: models.pull
            ),
            .get(
                path,
                .read,
                "Shows a version of a model, or the latest, with what its file says of itself.",
                answers: .one(ModelResource.self),
                use: models.get
            ),
            .post(
                path + "/verify",
                .deployments,
                "Reads a model's file again and says whether it is still the one that was registered.",
                answers: .one(ModelVerificationResource.self),
                use: models.verify
            ),
            .delete(
                path,
                .deployments,
                "Forgets a version of a model that no deployment uses; a file that was pulled is removed.",
                use: models.remove
            ),
        ]
    }
}
