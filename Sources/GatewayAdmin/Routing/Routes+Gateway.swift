import GatewayAPI
import GatewayCore
import GatewayStore
import Hummingbird

/// Limits and usage, and what belongs to no tenant.
extension Routes {
    var limits: [Route] {
        let limits = LimitRoutes(controlPlane: controlPlane)
        let endpoint = "/endpoints/:endpoint"
        let owners: [(path: String, permission: Permission, word: String, kind: ResourceReference.Kind)] = [
            ("", .tenant, "a tenant", .tenant), (endpoint, .endpoints, "an endpoint", .endpoint),
            (endpoint + "/deployments/:deployment", .endpoints, "a deployment", .deployment),
            ("/keys/:key", .keys, "a named key", .namedKey),
        ]
        return owners.flatMap { owner -> [Route] in
            // What a tenant may use in all is not its own operators' to say.
            let scope = owner.permission == .tenant ? Route.Scope.gateway : .tenant
            let path = "/tenants/:tenant\(owner.path)/limits"
            let answers = Route.Answer.one(LimitsResource.self)
            return [
                .get(
                    path,
                    .read,
                    "Shows the limits of \(owner.word), and what is left.",
                    answers: answers,
                    tagged: owner.kind,
                    use: limits.get
                ),
                .put(
                    path,
                    owner.permission,
                    "Sets the limits of \(owner.word).",
                    takes: LimitsResource.self,
                    answers: answers,
                    scope: scope,
                    tagged: owner.kind,
                    use: limits.put
                ),
                .delete(
                    path,
                    owner.permission,
                    "Removes the limits of \(owner.word).",
                    answers: answers,
                    scope: scope,
                    tagged: owner.kind,
                    use: limits.delete
                ),
            ]
        } + [usage]
    }

    private var usage: Route {
        .get(
            "/tenants/:tenant/usage",
            .read,
            "Reports what a tenant has used, as JSON or CSV.",
            answers: Route.Answer(statuses: [200], body: UsageReportResource.self, mayBeTable: true),
            query: [
                QueryParameter(name: "by", summary: "day, endpoint, deployment, key; several with commas."),
                QueryParameter(name: "since", summary: "ISO 8601."),
                QueryParameter(name: "until", summary: "ISO 8601."),
                QueryParameter(name: "endpoint", summary: "Of this endpoint only."),
                QueryParameter(name: "deployment", summary: "Of this deployment only."),
                QueryParameter(name: "key", summary: "Of this caller only."),
                QueryParameter(name: "timeZone", summary: "Where days begin: Europe/Berlin."),
                QueryParameter(name: "format", summary: "csv, for a table."),
            ],
            use: UsageRoutes(controlPlane: controlPlane).report
        )
    }

    var gateway: [Route] {
        let certificates = CertificateRoutes(controlPlane: controlPlane)
        let operations = OperationRoutes(operations: controlPlane.operations, pulls: controlPlane.pulls)
        return [
            .get(
                "/certificates",
                .gateway,
                "Lists the certificates that are served.",
                answers: .page(CertificateResource.self),
                use: certificates.list
            ),
            .post(
                "/certificates",
                .gateway,
                "Serves a host name with a certificate.",
                takes: CertificateRequest.self,
                answers: .put(CertificateResource.self),
                use: certificates.add
            ),
            .delete(
                "/certificates/:host",
                .gateway,
                "Serves a host name with no certificate of its own.",
                tagged: .certificate,
                use: certificates.remove
            ),
            .post(
                "/apply",
                .read,
                "Makes the store match documents, all or nothing.",
                takes: ApplyRequest.self,
                answers: .one(ApplyResult.self),
                scope: .own,
                use: ApplyRoutes(
                    store: controlPlane.store,
                    operations: controlPlane.operations,
                    azure: controlPlane.azure
                ).apply
            ),
            .get(
                "/operations",
                .read,
                "Lists long changes, the newest first.",
                answers: .page(OperationResource.self),
                scope: .own,
                query: [QueryParameter(name: "resource", summary: "Of this resource only.")],
                use: operations.list
            ),
            .get(
                "/operations/:operation",
                .read,
                "Shows how a long change stands.",
                answers: .one(OperationResource.self),
                scope: .own,
                use: operations.get
            ),
            .post(
                "/operations/:operation/cancel",
                .deployments,
                """
                Ends the pull of a model before it is done: one that waits at once, one that runs soon. What was fetched \
                stays, and pulling it again goes on with that.
                """,
                answers: Route.Answer(statuses: [202], body: OperationResource.self),
                scope: .own,
                use: operations.cancel
            ),
        ]
    }

    var operators: [Route] {
        let operators = OperatorRoutes(store: controlPlane.store, logger: logger)
        let audit = AuditRoutes(store: controlPlane.store)
        let path = "/operators/:operator"
        return [
            .post(
                "/login",
                .identity,
                "Begins a session of a local account; five tries a minute from one address.",
                takes: LoginRequest.self,
                answers: .one(OperatorTokenResource.self),
                scope: .open,
                use: operators.logIn
            ),
            .get(
                "/me",
                .identity,
                "Shows who one is, and one's roles.",
                answers: .one(IdentityResource.self),
                scope: .own,
                use: operators.me
            ),
            .get(
                "/operators",
                .operators,
                "Lists local accounts.",
                answers: .page(OperatorResource.self),
                scope: .own,
                use: operators.list
            ),
            .get(
                path,
                .operators,
                "Shows a local account.",
                answers: .one(OperatorResource.self),
                scope: .own,
                tagged: .operator,
                use: operators.get
            ),
            .put(
                path,
                .operators,
                "Makes or changes a local account.",
                takes: OperatorResource.self,
                answers: .put(OperatorResource.self),
                scope: .own,
                tagged: .operator,
                use: operators.put
            ),
            .delete(
                path,
                .operators,
                "Removes a local account.",
                scope: .own,
                tagged: .operator,
                use: operators.delete
            ),
            .post(
                path + "/tokens",
                .operators,
                "Makes a token of a local account; it is in the answer only.",
                takes: OperatorTokenResource.self,
                answers: .made(OperatorTokenResource.self),
                scope: .own,
                use: operators.issueToken
            ),
            .delete(
                path + "/tokens/:token",
                .operators,
                "Revokes a token of a local account.",
                scope: .own,
                use: operators.revokeToken
            ),
            .get(
                "/audit",
                .audit,
                "Lists changes, the newest first.",
                answers: .page(AuditEntryResource.self),
                scope: .own,
                query: [QueryParameter(name: "tenant", summary: "Of this tenant only.")],
                use: audit.list
            ),
            .get(
                "/audit/verification",
                .audit,
                "Says whether the audit log is whole and as it was written.",
                answers: .one(AuditVerdictResource.self),
                query: [QueryParameter(name: "since", summary: "A head that was noted: N:HASH.")],
                use: audit.verify
            ),
        ]
    }
}
