import GatewayAPI
import GatewayCore
import GatewayStore
import Hummingbird

/// What `/api/v1/audit` answers: the newest first, and of other tenants nothing.
struct AuditRoutes: Sendable {
    let store: Store

    @Sendable func list(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let asker = try context.requireOperator()
        var tenants = asker.tenants(with: .audit)
        if let tenant = request.uri.queryParameters["tenant"].map({ String($0) }) {
            try asker.require(.audit, in: tenant)
            tenants = [tenant]
        }
        let limit = try Page<Never>.limit(request)
        let entries = try await store.auditEntries(
            of: tenants,
            isSinceCreation: !asker.may(.audit, in: nil),
            before: try Self.after(request),
            limit: limit + 1
        )
        let page = entries.prefix(limit)
        let isLast = entries.count <= limit
        let nextLink = isLast ? nil : page.last.map { Page<Never>.link(request, after: "\($0.number)") }
        return Page(Array(page), nextLink: nextLink).answer { AuditEntryResource($0) }
    }

    @Sendable func verify(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let noted = try request.uri.queryParameters["since"].map { (text) throws(APIError) in
            guard let head = AuditHead(String(text)) else {
                throw APIError(
                    .invalid,
                    "since must be N:HASH, as an earlier verification has said it",
                    target: "since"
                )
            }
            return head
        }
        let verdict = try await store.verifyAudit(since: noted)
        return .json(
            AuditVerdictResource(
                good: verdict.isGood,
                entries: verdict.entries,
                firstBad: verdict.firstBad,
                reason: verdict.reason,
                head: verdict.head?.text
            )
        )
    }

    private static func after(_ request: Request) throws(APIError) -> Int64? {
        guard let text = request.uri.queryParameters["after"] else { return nil }
        guard let number = Int64(text), number > 0 else {
            throw APIError(.invalid, "after must be the number of an entry", target: "after")
        }
        return number
    }
}

extension AuditEntryResource {
    fileprivate init(_ entry: AuditEntry) {
        self.init(
            number: entry.number,
            time: WireTime.precise(milliseconds: entry.at),
            operator: entry.author,
            address: entry.address,
            request: entry.request,
            action: entry.action.rawValue,
            kind: entry.resource.kind.rawValue,
            resource: entry.resource.path
        )
        fields = entry.fields
        before = entry.before
        after = entry.after
    }
}
