import GatewayCore
import GatewayStore
import HTTPTypes
import Hummingbird

/// What every route does around its own work: permission, content type, conditions and tags, and the origin of what it changes.
struct RouteGate: Sendable {
    let route: Route
    let store: Store

    @Sendable func answer(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        if case .open = route.scope {
            try requireType(request)
            return try await route.handler(request, context)
        }
        let asker = try context.requireOperator()
        for permission in [route.permission, route.further].compactMap(\.self) {
            switch route.scope {
            case .open: break
            case .tenant: try asker.require(permission, in: context.name("tenant"))
            case .gateway: try asker.require(permission, in: nil)
            case .own: if !asker.may(permission) { try asker.require(permission, in: nil) }
            }
        }
        try requireType(request)
        var origin = ChangeOrigin(asker, request, address: context.address)
        guard let resource = try reference(context) else { return try await perform(request, context, origin) }
        let tag = try store.isHidden(resource, from: asker) ? nil : store.tag(of: resource)
        if route.method == .get, let tag, request.headers.tags(.ifNoneMatch)?.contains(tag) == true {
            return Response(status: .notModified, headers: [.eTag: tag])
        }
        let condition = ChangeCondition(
            resource,
            expected: request.headers.tags(.ifMatch),
            mustBeNew: route.method != .get && request.headers[.ifNoneMatch] == "*"
        )
        try condition.check(tag)
        origin.condition = condition
        var response = try await perform(request, context, origin)
        // What a change has made of it, else what it was before it was read: never a newer one than the body.
        if response.status == .ok || response.status == .created { response.headers[.eTag] = condition.tag ?? tag }
        return response
    }

    private func requireType(_ request: Request) throws(APIError) {
        if route.takes != nil { try JSONBody.requireType(request.headers) }
    }

    private func perform(
        _ request: Request,
        _ context: AdminRequestContext,
        _ origin: ChangeOrigin
    ) async throws -> Response {
        do {
            return try await ChangeOrigin.$current.withValue(origin) { try await route.handler(request, context) }
        } catch {
            throw try context.requireOperator().mayLearn(error, of: store)
        }
    }

    private func reference(_ context: AdminRequestContext) throws -> ResourceReference? {
        guard let kind = route.tagged else { return nil }
        let names = try route.parameters.map { try context.name($0) }
        let path =
            switch kind {
            case .namedKey: "\(names[0])/keys/\(names[1])"
            case .issuer: "\(names[0])/issuers/\(names[1])"
            case .role: "\(names[0])/roles/\(names[1])"
            case .webhook: "\(names[0])/webhooks/\(names[1])"
            case .principal:
                (try? store.findPrincipal(names[0], names[1]))?.path ?? "\(names[0])/principals/\(names[1])"
            case .deploymentSecret: "\(names.prefix(3).joined(separator: "/"))/secrets/\(names[3])"
            case .certificate: names[0].lowercased()
            case .tenant, .endpoint, .deployment, .model, .asset, .blob, .endpointKey, .operator, .operation, .replay,
                .capture:
                names.joined(separator: "/")
            }
        return ResourceReference(kind, path)
    }
}

extension Store {
    /// Names of operators are one list for the whole gateway: another tenant's are as if they were not there.
    fileprivate func isHidden(_ resource: ResourceReference, from asker: Operator) -> Bool {
        guard resource.kind == .operator else { return false }
        return operators().contains { $0.name == resource.path && !asker.may(.operators, in: $0.tenant) }
    }
}

extension HTTPFields {
    /// The tags of a condition; `nil` without one.
    ///
    /// Weak ones are no match for `If-Match` (RFC 9110 §13.1.1), and ours are strong.
    fileprivate func tags(_ name: HTTPField.Name) -> Set<String>? {
        let values = self[values: name]
        guard !values.isEmpty else { return nil }
        return Set(
            values.flatMap { $0.split(separator: ",") }.map { $0.trimmingPrefix { $0 == " " } }
                .map { String($0.reversed().drop { $0 == " " }.reversed()) }
        )
    }
}
