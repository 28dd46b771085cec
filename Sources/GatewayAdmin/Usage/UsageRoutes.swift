import Foundation
import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Hummingbird
import HummingbirdCore

/// What `/api/v1/tenants/{tenant}/usage` answers: JSON, or CSV where it is asked for.
struct UsageRoutes: Sendable {
    /// What reports may be by; the tenant is in the URL.
    private static let groupings: [UsageGrouping] = [.day, .endpoint, .deployment, .key]
    private static let standardSpan: Int64 = 30 * 86_400
    /// Usage is counted by quarters of an hour.
    private static let grain: Int64 = 900

    let controlPlane: ControlPlane

    @Sendable func report(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let tenant = try controlPlane.store.tenant(context.name("tenant")).name
        let query = try query(request.uri.queryParameters, tenant, now: Int64(Date().timeIntervalSince1970))
        let sums = try await controlPlane.receipts.usage(query)
        let wantsText = request.headers[.accept]?.lowercased().contains("text/csv") == true
        if wantsText || request.uri.queryParameters["format"] == "csv" {
            return .text(UsageReport.csv(sums, groupBy: query.groupBy), type: "text/csv; charset=utf-8")
        }
        return .json(
            UsageReportResource(
                tenant: tenant,
                since: WireTime.text(query.from),
                until: WireTime.text(query.to),
                by: Self.groupings.filter(query.groupBy.contains).map(\.rawValue),
                rows: sums.map(UsageRowResource.init)
            )
        )
    }

    private func query(
        _ parameters: FlatDictionary<Substring, Substring>,
        _ tenant: String,
        now: Int64
    ) throws -> UsageQuery {
        let known: Set<Substring> = [
            "by", "since", "until", "endpoint", "deployment", "key", "timeZone", "format",
        ]
        if let stranger = parameters.first(where: { !known.contains($0.key) })?.key {
            throw APIError(.invalid, "\(stranger.debugDescription) is not known here", target: String(stranger))
        }
        let since = try parameters["since"].map { try WireTime.read(String($0), member: "since") }
        let until = try parameters["until"].map { try WireTime.read(String($0), member: "until") } ?? now
        let to = (until + Self.grain - 1) / Self.grain * Self.grain
        let from = (since ?? until - Self.standardSpan) / Self.grain * Self.grain
        guard from < to else { throw APIError(.invalid, "since must be before until", target: "since") }
        func text(_ name: Substring) -> String? { parameters[name].map { String($0) } }
        return UsageQuery(
            from: from,
            to: to,
            tenant: tenant,
            endpoint: text("endpoint"),
            deployment: text("deployment"),
            key: text("key"),
            groupBy: try groupings(parameters[values: "by"]),
            timeZone: text("timeZone") ?? "UTC"
        )
    }

    /// `by=endpoint,day`, or `by` several times.
    private func groupings(_ words: [Substring]) throws(APIError) -> Set<UsageGrouping> {
        var found: Set<UsageGrouping> = []
        for word in words.flatMap({ $0.split(separator: ",") }) {
            guard let grouping = Self.groupings.first(where: { $0.rawValue == word }) else {
                let known = Self.groupings.map(\.rawValue).joined(separator: ", ")
                throw APIError(.invalid, "\(word.debugDescription) is not one of \(known)", target: "by")
            }
            found.insert(grouping)
        }
        return found
    }
}

extension UsageRowResource {
    fileprivate init(_ sum: UsageSum) {
        self.init(
            day: sum.day,
            endpoint: sum.endpoint,
            deployment: sum.deployment,
            key: sum.key,
            requests: sum.requests,
            inputTokens: sum.inputTokens,
            outputTokens: sum.outputTokens,
            cost: Money(millionths: sum.cost)
        )
    }
}
