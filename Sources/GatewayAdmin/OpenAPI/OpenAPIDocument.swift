import GatewayAPI
import HTTPTypes
import Hummingbird

/// The OpenAPI 3.1 description of routes, made from the table that also builds the router.
struct OpenAPIDocument {
    let value: JSONValue

    init(_ routes: [Route]) {
        let book = SchemaBook()
        let error = book.schema(of: APIErrorBody.self)
        var paths: [String: [String: JSONValue]] = [:]
        for route in routes {
            let described = Self.operation(route, book, error)
            paths[route.template, default: [:]][route.method.rawValue.lowercased()] = described
        }
        value = [
            "openapi": "3.1.0",
            "info": [
                "title": "Gatehouse admin API", "version": "1",
                "description": "What gatehouse commands speak: tenants, endpoints, deployments, and who may use them.",
            ],
            "servers": [["url": "/"]],
            "security": [["operator": []]],
            "paths": .object(paths.mapValues(JSONValue.object)),
            "components": [
                "schemas": .object(book.components),
                "securitySchemes": [
                    "operator": [
                        "type": "http", "scheme": "bearer",
                        "description": "operator.token, a token of an operator, a session, or an issuer's token.",
                    ]
                ],
            ],
        ]
    }

    private static func operation(_ route: Route, _ book: SchemaBook, _ error: JSONValue) -> JSONValue {
        var members: [String: JSONValue] = [
            "summary": .text(route.summary), "operationId": .text(route.identifier),
            "description": .text(route.isOpen ? "Open to everybody." : "Needs the role \(route.roleWords)."),
            "responses": .object(responses(route, book, error)),
        ]
        if route.isOpen { members["security"] = [] }
        let parameters = parameters(route)
        if !parameters.isEmpty { members["parameters"] = .list(parameters) }
        if let takes = route.takes {
            members["requestBody"] = ["required": .flag(true), "content": content(book.schema(of: takes))]
        }
        return .object(members)
    }

    private static func responses(_ route: Route, _ book: SchemaBook, _ error: JSONValue) -> [String: JSONValue] {
        var responses: [String: JSONValue] = [:]
        for status in route.answers.statuses {
            var answer: [String: JSONValue] = ["description": .text(status == 201 ? "It was made." : "It was done.")]
            if let body = route.answers.body { answer["content"] = content(schema(body, route, book), route) }
            responses["\(status)"] = .object(answer)
        }
        if route.method == .get, route.tagged != nil { responses["304"] = ["description": "It has the tag given."] }
        for (status, reason) in route.refusals {
            responses["\(status)"] = ["description": .text(reason), "content": content(error)]
        }
        return responses
    }

    private static func schema(_ body: WireType, _ route: Route, _ book: SchemaBook) -> JSONValue {
        let one = book.schema(of: body)
        guard route.answers.isPage else { return one }
        return [
            "type": "object", "required": ["value"],
            "properties": ["value": ["type": "array", "items": one], "nextLink": ["type": "string"]],
        ]
    }

    private static func content(_ schema: JSONValue, _ route: Route? = nil) -> JSONValue {
        var types: [String: JSONValue] = ["application/json": ["schema": schema]]
        if route?.answers.mayBeTable == true { types["text/csv"] = ["schema": ["type": "string"]] }
        return .object(types)
    }

    private static func parameters(_ route: Route) -> [JSONValue] {
        let path = route.parameters.map { name -> JSONValue in
            [
                "name": .text(name), "in": "path", "required": .flag(true),
                "schema": ["type": "string", "minLength": .number(1)],
            ]
        }
        let query = route.query.map { parameter -> JSONValue in
            [
                "name": .text(parameter.name), "in": "query", "description": .text(parameter.summary),
                "schema": schema(parameter.kind),
            ]
        }
        return path + query + conditions(route)
    }

    private static func schema(_ kind: QueryParameter.Kind) -> JSONValue {
        switch kind {
        case .text: ["type": "string"]
        case .number(let range):
            ["type": "integer", "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound)]
        }
    }

    private static func conditions(_ route: Route) -> [JSONValue] {
        guard route.tagged != nil else { return [] }
        let names =
            switch route.method {
            case .get: ["If-None-Match"]
            case .put: ["If-Match", "If-None-Match"]
            default: ["If-Match"]
            }
        return names.map { ["name": .text($0), "in": "header", "schema": ["type": "string"]] }
    }
}

extension Route {
    var isOpen: Bool {
        if case .open = scope { true } else { false }
    }

    fileprivate var roleWords: String {
        permission.words + (further.map { ", and \($0.words) too" } ?? "")
    }

    /// `/api/v1/tenants/{tenant}`.
    var template: String {
        path.split(separator: "/").map { $0.hasPrefix(":") ? "/{\($0.dropFirst())}" : "/\($0)" }.joined()
    }

    /// `put_tenants_tenant_endpoints_endpoint`: unique, and a name in most languages.
    fileprivate var identifier: String {
        let words = path.split(separator: "/").dropFirst(2).map { $0.filter { $0.isLetter || $0.isNumber } }
        return ([method.rawValue.lowercased()] + words).joined(separator: "_")
    }

    /// Every status of a refusal, and when it is given.
    fileprivate var refusals: [(status: Int, reason: String)] {
        var refusals = [
            (400, "What was sent cannot be."), (401, "No operator's credential."),
            (500, "It failed; the gateway's log says why."),
        ]
        if !isOpen { refusals.append((403, "The operator lacks the role.")) }
        if isOpen { refusals.append((429, "Too many tries; Retry-After says when.")) }
        if !parameters.isEmpty || takes != nil { refusals.append((404, "Something that is named does not exist.")) }
        if method != .get { refusals.append((409, "Something else has to change first.")) }
        if tagged != nil { refusals.append((412, "If-Match or If-None-Match does not hold.")) }
        if takes != nil { refusals += [(413, "The body is too large."), (415, "The body says that it is not JSON.")] }
        return refusals
    }
}

/// Where the description is served.
enum OpenAPIRoute {
    static let path = "/openapi.json"

    /// The route, which is in its own description.
    static func route(describing routes: [Route]) -> Route {
        func make(_ handler: @escaping Route.Handler) -> Route {
            .get(
                path,
                .identity,
                "Describes this API.",
                answers: .one(JSONValue.self),
                scope: .own,
                use: handler
            )
        }
        let document = OpenAPIDocument(routes + [make { _, _ in .noContent }]).value
        return make { _, _ in .json(document) }
    }
}
