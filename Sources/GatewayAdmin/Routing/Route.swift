import GatewayCore
import GatewayStore
import HTTPTypes
import Hummingbird

/// What crosses the wire, by its type: enough to describe it.
typealias WireType = any (Codable & Sendable).Type

/// One route of the admin API: where it is, who may use it, what it takes and answers, and what performs it.
///
/// Everything that is said of it, the OpenAPI document included, is said here.
struct Route: Sendable {
    typealias Handler = @Sendable (Request, AdminRequestContext) async throws -> Response

    /// Where its permission must be held.
    enum Scope: Sendable {
        /// In the tenant of the URL.
        case tenant
        /// On the whole gateway.
        case gateway
        /// Anywhere: it answers only what its operator may see, or asks for more by itself.
        case own
        /// Nowhere: anybody may ask.
        case open
    }

    /// What a good answer is.
    struct Answer: Sendable {
        /// Every status of a good answer.
        var statuses: [Int]
        /// `nil` for an empty one.
        var body: WireType?
        /// Whether it is one page of a list of these.
        var isPage = false
        /// Whether it is a table where that is asked for.
        var mayBeTable = false

        static let nothing = Answer(statuses: [204])
        /// 200.
        static func one(_ type: WireType) -> Answer { Answer(statuses: [200], body: type) }
        /// 201.
        static func made(_ type: WireType) -> Answer { Answer(statuses: [201], body: type) }
        /// 200, or 201 where there was none before.
        static func put(_ type: WireType) -> Answer { Answer(statuses: [200, 201], body: type) }
        static func page(_ type: WireType) -> Answer { Answer(statuses: [200], body: type, isPage: true) }
    }

    var method: HTTPRequest.Method
    /// `/api/v1/tenants/:tenant`.
    var path: String
    var permission: Permission
    /// What it needs besides, in the same place.
    var further: Permission?
    var scope: Scope
    /// A sentence.
    var summary: String
    var takes: WireType?
    var answers: Answer
    /// Parameters behind the question mark.
    var query: [QueryParameter] = []
    /// What the URL names, where that has a tag for `If-Match`.
    var tagged: ResourceReference.Kind?
    var handler: Handler

    /// Names of the parameters in the path.
    var parameters: [String] {
        path.split(separator: "/").filter { $0.hasPrefix(":") }.map { String($0.dropFirst()) }
    }
}

/// A parameter behind the question mark.
struct QueryParameter: Sendable {
    enum Kind: Sendable {
        case text
        case number(ClosedRange<Int>)
    }

    var name: String
    var kind = Kind.text
    var summary: String

    static let paging = [
        QueryParameter(name: "limit", kind: .number(1...Page.largest), summary: "How many at most."),
        QueryParameter(name: "after", summary: "The last one of the page before."),
    ]
}

extension Route {
    static func get(
        _ path: String,
        _ permission: Permission,
        _ summary: String,
        answers: Answer,
        scope: Scope? = nil,
        query: [QueryParameter] = [],
        tagged: ResourceReference.Kind? = nil,
        use handler: @escaping Handler
    ) -> Route {
        make(.get, path, permission, summary, nil, answers, scope, tagged, handler)
            .with(answers.isPage ? QueryParameter.paging + query : query)
    }

    static func put(
        _ path: String,
        _ permission: Permission,
        _ summary: String,
        takes: WireType,
        answers: Answer,
        scope: Scope? = nil,
        tagged: ResourceReference.Kind? = nil,
        use handler: @escaping Handler
    ) -> Route {
        make(.put, path, permission, summary, takes, answers, scope, tagged, handler)
    }

    static func post(
        _ path: String,
        _ permission: Permission,
        _ summary: String,
        takes: WireType? = nil,
        answers: Answer,
        scope: Scope? = nil,
        use handler: @escaping Handler
    ) -> Route {
        make(.post, path, permission, summary, takes, answers, scope, nil, handler)
    }

    static func delete(
        _ path: String,
        _ permission: Permission,
        _ summary: String,
        answers: Answer = .nothing,
        scope: Scope? = nil,
        tagged: ResourceReference.Kind? = nil,
        use handler: @escaping Handler
    ) -> Route {
        make(.delete, path, permission, summary, nil, answers, scope, tagged, handler)
    }

    private static func make(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ permission: Permission,
        _ summary: String,
        _ takes: WireType?,
        _ answers: Answer,
        _ scope: Scope?,
        _ tagged: ResourceReference.Kind?,
        _ handler: @escaping Handler
    ) -> Route {
        Route(
            method: method,
            path: "/api/v1" + path,
            permission: permission,
            scope: scope ?? (path.contains(":tenant") ? .tenant : .gateway),
            summary: summary,
            takes: takes,
            answers: answers,
            tagged: tagged,
            handler: handler
        )
    }

    /// The same for those only who have another permission too.
    func also(_ permission: Permission) -> Route {
        var route = self
        route.further = permission
        return route
    }

    private func with(_ query: [QueryParameter]) -> Route {
        var route = self
        route.query = query
        return route
    }
}
