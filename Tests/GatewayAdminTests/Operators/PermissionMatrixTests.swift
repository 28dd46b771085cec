import GatewayCore
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Testing

@testable import GatewayAdmin

/// SECURITY S-3 for the admin API: every route, every role, one's own tenant and another one.
@Suite struct PermissionMatrixTests {
    /// Who may use what, written down a second time: o(wner), a(dmin), d(eployer), k(ey-admin), r(eviewer),
    /// m(onitor).
    ///
    /// `+` = only with a role on the whole gateway; `*` = wherever the role is held, the answer is what may be seen; `-` = one
    /// role is not enough.
    private static let expected = """
        GET /tenants oadkr*
        GET /tenants/:tenant oadkr
        PUT /tenants/:tenant o
        DELETE /tenants/:tenant o
        POST /tenants/:tenant/suspend o+
        POST /tenants/:tenant/resume o+
        GET /tenants/:tenant/endpoints oadkr
        GET /tenants/:tenant/endpoints/:endpoint oadkr
        PUT /tenants/:tenant/endpoints/:endpoint oa
        DELETE /tenants/:tenant/endpoints/:endpoint oa
        PUT /tenants/:tenant/endpoints/:endpoint/maintenance oad
        DELETE /tenants/:tenant/endpoints/:endpoint/maintenance oad
        GET /tenants/:tenant/endpoints/:endpoint/traffic oadkr
        PUT /tenants/:tenant/endpoints/:endpoint/traffic oad
        GET /tenants/:tenant/endpoints/:endpoint/deployments oadkr
        GET /tenants/:tenant/endpoints/:endpoint/deployments/:deployment oadkr
        PUT /tenants/:tenant/endpoints/:endpoint/deployments/:deployment oad
        DELETE /tenants/:tenant/endpoints/:endpoint/deployments/:deployment oad
        GET /tenants/:tenant/endpoints/:endpoint/deployments/:deployment/logs oadkr
        POST /tenants/:tenant/endpoints/:endpoint/deployments/:deployment/warm oad
        GET /tenants/:tenant/endpoints/:endpoint/deployments/:deployment/secrets oadkr
        PUT /tenants/:tenant/endpoints/:endpoint/deployments/:deployment/secrets/:secret oad
        DELETE /tenants/:tenant/endpoints/:endpoint/deployments/:deployment/secrets/:secret oad
        GET /tenants/:tenant/endpoints/:endpoint/keys oak
        POST /tenants/:tenant/endpoints/:endpoint/keys/regenerate oak
        GET /tenants/:tenant/keys oadkr
        POST /tenants/:tenant/keys oak
        GET /tenants/:tenant/keys/:key oadkr
        PUT /tenants/:tenant/keys/:key oak
        POST /tenants/:tenant/keys/:key/rotate oak
        DELETE /tenants/:tenant/keys/:key oak
        GET /tenants/:tenant/principals oadkr
        POST /tenants/:tenant/principals oak
        GET /tenants/:tenant/principals/:principal oadkr
        PUT /tenants/:tenant/principals/:principal oak
        DELETE /tenants/:tenant/principals/:principal oak
        POST /tenants/:tenant/principals/:principal/secrets oak
        DELETE /tenants/:tenant/principals/:principal/secrets/:secret oak
        GET /tenants/:tenant/issuers oadkr
        GET /tenants/:tenant/issuers/:issuer oadkr
        PUT /tenants/:tenant/issuers/:issuer oa
        DELETE /tenants/:tenant/issuers/:issuer oa
        GET /tenants/:tenant/roles oadkr
        GET /tenants/:tenant/roles/:role oadkr
        PUT /tenants/:tenant/roles/:role oa
        DELETE /tenants/:tenant/roles/:role oa
        GET /tenants/:tenant/webhooks oadkr
        GET /tenants/:tenant/webhooks/:webhook oadkr
        PUT /tenants/:tenant/webhooks/:webhook oa
        DELETE /tenants/:tenant/webhooks/:webhook oa
        POST /tenants/:tenant/webhooks/:webhook/test oa
        GET /tenants/:tenant/webhooks/:webhook/deliveries oadkr
        GET /tenants/:tenant/limits oadkr
        PUT /tenants/:tenant/limits o+
        DELETE /tenants/:tenant/limits o+
        GET /tenants/:tenant/endpoints/:endpoint/limits oadkr
        PUT /tenants/:tenant/endpoints/:endpoint/limits oa
        DELETE /tenants/:tenant/endpoints/:endpoint/limits oa
        GET /tenants/:tenant/endpoints/:endpoint/deployments/:deployment/limits oadkr
        PUT /tenants/:tenant/endpoints/:endpoint/deployments/:deployment/limits oa
        DELETE /tenants/:tenant/endpoints/:endpoint/deployments/:deployment/limits oa
        GET /tenants/:tenant/keys/:key/limits oadkr
        PUT /tenants/:tenant/keys/:key/limits oak
        DELETE /tenants/:tenant/keys/:key/limits oak
        GET /tenants/:tenant/usage oadkr
        GET /tenants/:tenant/models oadkr
        POST /tenants/:tenant/models o+
        POST /tenants/:tenant/pulls oad
        GET /tenants/:tenant/models/:model/versions/:version oadkr
        POST /tenants/:tenant/models/:model/versions/:version/verify oad
        DELETE /tenants/:tenant/models/:model/versions/:version oad
        GET /devices oadkr+
        GET /certificates o+
        POST /certificates o+
        DELETE /certificates/:host o+
        POST /apply oadkr*
        GET /operations oadkr*
        GET /operations/:operation oadkr*
        POST /operations/:operation/cancel oad*
        GET /me oadkrm*
        GET /operators oa*
        GET /operators/:operator oa*
        PUT /operators/:operator oa*
        DELETE /operators/:operator oa*
        POST /operators/:operator/tokens oa*
        DELETE /operators/:operator/tokens/:token oa*
        GET /tenants/:tenant/captures r
        GET /tenants/:tenant/captures/export r
        GET /tenants/:tenant/captures/:capture r
        GET /tenants/:tenant/captures/:capture/:half r
        PUT /tenants/:tenant/captures/:capture/label r
        DELETE /tenants/:tenant/captures/:capture r
        POST /tenants/:tenant/replays -
        POST /tenants/:tenant/comparisons r
        GET /tenants/:tenant/comparisons r
        GET /tenants/:tenant/comparisons/:comparison r
        POST /tenants/:tenant/comparisons/:comparison/cancel r
        DELETE /tenants/:tenant/comparisons/:comparison r
        GET /audit oar*
        GET /audit/verification oar+
        GET /openapi.json oadkrm*
        """

    private static let letters: [(Role, Character)] = [
        (.owner, "o"), (.admin, "a"), (.deployer, "d"), (.keyAdmin, "k"), (.reviewer, "r"), (.monitor, "m"),
    ]
    private static let role = HTTPField.Name("x-role") ?? .accept
    private static let tenant = HTTPField.Name("x-tenant") ?? .accept

    /// Lets the request's headers say who asks.
    private struct Claim: RouterMiddleware {
        typealias Context = AdminRequestContext

        func handle(
            _ request: Request,
            context: AdminRequestContext,
            next: @concurrent (Request, AdminRequestContext) async throws -> Response
        ) async throws -> Response {
            var context = context
            if let role = request.headers[PermissionMatrixTests.role].flatMap(Role.init(rawValue:)) {
                let grant = Operator.Grant(role: role, tenant: request.headers[PermissionMatrixTests.tenant])
                context.operator = Operator(label: "asker", grants: [grant])
            }
            return try await next(request, context)
        }
    }

    /// The table's own gates around handlers that do nothing.
    private func withGates(_ body: @escaping @Sendable (any TestClientProtocol, [Route]) async throws -> Void)
        async throws
    {
        let fixture = try await AdminFixture()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let table = Routes(controlPlane: fixture.controlPlane, logger: logger).table.filter { !$0.isOpen }
        let router = Router(context: AdminRequestContext.self)
        router.add(middleware: ErrorAnswers(logger: logger))
        router.add(middleware: Claim())
        for var route in table {
            route.handler = { _, _ in .noContent }
            let gate = RouteGate(route: route, store: fixture.controlPlane.store)
            router.on(RouterPath(route.path), method: route.method, use: gate.answer)
        }
        try await Application(router: router).test(.router) { try await body($0, table) }
    }

    @Test func `each route is open to exactly the roles that are written down, in their tenant and in no other`()
        async throws
    {
        var lines: [String: Substring] = [:]
        for line in Self.expected.split(separator: "\n") {
            let parts = line.split(separator: " ")
            lines["\(parts[0]) /api/v1\(parts[1])"] = parts[2]
        }
        let expected = lines
        try await withGates { client, table in
            #expect(Set(expected.keys) == Set(table.map { "\($0.method.rawValue) \($0.path)" }))
            for route in table {
                let rule = try #require(expected["\(route.method.rawValue) \(route.path)"])
                for (role, letter) in Self.letters {
                    for grant in [nil, "demo", "other"] as [String?] {
                        let status = try await Self.status(client, route, role, grant)
                        let isEnough = grant == nil || rule.hasSuffix("*") || (grant == "demo" && !rule.hasSuffix("+"))
                        let expected = rule.contains(letter) && isEnough ? 204 : 403
                        let grantName = grant ?? "all"
                        #expect(
                            status == expected,
                            "\(route.method) \(route.path) as \(role.rawValue) of \(grantName): \(status)"
                        )
                    }
                }
                #expect(try await Self.status(client, route, nil, nil) == 401, "\(route.path)")
            }
        }
    }

    private static func status(
        _ client: any TestClientProtocol,
        _ route: Route,
        _ role: Role?,
        _ grant: String?
    ) async throws -> Int {
        var headers = HTTPFields()
        headers[Self.role] = role?.rawValue
        headers[Self.tenant] = grant
        let uri = route.path.replacing(":tenant", with: "demo").replacing(":", with: "")
        return try await client.execute(uri: uri, method: route.method, headers: headers, body: nil) { $0.status.code }
    }

    @Test func `a refusal says the same of a tenant that exists and of one that does not`() async throws {
        try await withGates { client, _ in
            var headers = HTTPFields()
            headers[Self.role] = "owner"
            headers[Self.tenant] = "demo"
            for (method, tail) in [
                (HTTPRequest.Method.get, ""), (.put, ""), (.get, "/endpoints"), (.delete, "/keys/k"),
            ] {
                var answers: [String] = []
                for tenant in ["alpha", "omega"] {
                    let uri = "/api/v1/tenants/\(tenant)\(tail)"
                    let answer = try await client.execute(uri: uri, method: method, headers: headers, body: nil) {
                        "\($0.status.code) \(String(buffer: $0.body))"
                    }
                    answers.append(answer.replacing(tenant, with: "x"))
                }
                #expect(answers[0] == answers[1] && answers[0].hasPrefix("403"))
            }
        }
    }

    @Test func `nothing but healthz, the login and the issuer is open`() async throws {
        let fixture = try await AdminFixture()
        let routes = Routes(controlPlane: fixture.controlPlane, logger: Logger(label: "test")).router().routes
        let open = routes.filter {
            OperatorAuthentication.isOpen($0.method, "\($0.path)".replacing("{tenant}", with: "demo"))
        }
        #expect(open.count == 2 + IssuerRoutes.open.count)
        #expect(routes.count > open.count + 70)
    }
}
