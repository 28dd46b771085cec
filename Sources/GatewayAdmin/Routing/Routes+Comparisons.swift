import GatewayAPI

/// Answers beside each other: of mirrors, and to requests that are sent again.
extension Routes {
    var comparisons: [Route] {
        let comparisons = ComparisonRoutes(controlPlane: controlPlane)
        let path = "/tenants/:tenant/comparisons"
        return [
            .post(
                "/tenants/:tenant/replays",
                .captures,
                "Sends captured requests to a deployment once more, and compares its answers with those that callers had.",
                takes: ComparisonRequest.self,
                answers: .made(ComparisonResource.self),
                use: comparisons.replay
            ).also(.deployments),
            .post(
                path,
                .captures,
                "Compares the answers of a mirror with those that callers had.",
                takes: ComparisonRequest.self,
                answers: .made(ComparisonResource.self),
                use: comparisons.compare
            ),
            .get(
                path,
                .captures,
                "Lists comparisons since the gateway's start, the newest first; the replays among them.",
                answers: .page(ComparisonResource.self),
                use: comparisons.list
            ),
            .get(
                "\(path)/:comparison",
                .captures,
                "Shows how far a comparison is, and its report once it is over.",
                answers: .one(ComparisonResource.self),
                use: comparisons.get
            ),
            .post(
                "\(path)/:comparison/cancel",
                .captures,
                "Ends a comparison early; its report is of what was done.",
                answers: Route.Answer(statuses: [202], body: ComparisonResource.self),
                use: comparisons.cancel
            ),
            .delete(
                "\(path)/:comparison",
                .captures,
                "Forgets a comparison; one that runs ends.",
                use: comparisons.delete
            ),
        ]
    }
}
