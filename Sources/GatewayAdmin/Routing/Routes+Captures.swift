import GatewayAPI

/// What reviewers see and do.
extension Routes {
    var captures: [Route] {
        let captures = CaptureRoutes(controlPlane: controlPlane)
        let path = "/tenants/:tenant/captures"
        return [
            .get(
                path,
                .captures,
                "Lists stored samples of requests and their responses, the newest first.",
                answers: .page(CaptureSummaryResource.self),
                query: Self.captureFilters,
                use: captures.list
            ),
            .get(
                "\(path)/export",
                .captures,
                "Gives samples as lines of files that other programs read, the oldest first.",
                answers: .page(ExportedRecordResource.self),
                query: [QueryParameter(name: "format", summary: "sagemaker, azure, kserve or jsonl.")]
                    + Self.captureFilters,
                use: captures.export
            ),
            .get(
                "\(path)/:capture",
                .captures,
                "Shows a sample with headers and bodies.",
                answers: .one(CapturedExchangeResource.self),
                use: captures.get
            ),
            .get(
                "\(path)/:capture/:half",
                .captures,
                "Gives the kept bytes of a body: request or response.",
                answers: Route.Answer(statuses: [200]),
                use: captures.body
            ),
            .put(
                "\(path)/:capture/label",
                .captures,
                "Gives a sample a label, or takes it away.",
                takes: CaptureLabelResource.self,
                answers: .one(CaptureSummaryResource.self),
                use: captures.label
            ),
            .delete("\(path)/:capture", .captures, "Deletes a sample, and every trace of it.", use: captures.delete),
        ]
    }

    private static let captureFilters = [
        QueryParameter(name: "endpoint", summary: "Of this endpoint only."),
        QueryParameter(name: "deployment", summary: "Of this deployment only."),
        QueryParameter(name: "caller", summary: "Of this caller only: demo/chat#primary."),
        QueryParameter(name: "requestId", summary: "Of this request only."),
        QueryParameter(name: "status", summary: "404, 4xx or 500-599."),
        QueryParameter(name: "since", summary: "ISO 8601."),
        QueryParameter(name: "until", summary: "ISO 8601."),
        QueryParameter(name: "slowerThanMs", kind: .number(0...86_400_000), summary: "At least so slow."),
        QueryParameter(
            name: "tokens",
            kind: .number(0...1_000_000_000),
            summary: "At least so many, of both kinds."
        ),
        QueryParameter(name: "label", summary: "With this label only."),
        QueryParameter(name: "text", summary: "Words, phrases in quotes, AND, OR, NOT: in either body."),
    ]
}
