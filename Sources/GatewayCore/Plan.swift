/// What admission decided about one request.
///
/// A class, so that handing it on costs one retain instead of a dozen.
package final class Plan: Sendable {
    package let endpoint: Endpoint
    package let caller: Caller
    package let dialect: Dialect
    /// Whether the URL is a scoring URL, whose errors have Azure's own statuses (DESIGN §3).
    package let isScoring: Bool
    /// What led the request to its deployment: says who else may answer.
    package let choice: Choice
    /// Who gets copies of the request.
    package let mirrors: [MirrorTarget]
    package let deployment: Deployment
    package let instance: Instance
    /// Path on the upstream, without the instance's base path, and the query.
    package let path: String
    package let query: String?
    /// How to read token usage from the answer; `nil` for calls that have none.
    package let usage: UsageFormat?
    /// What the body says that routing and rewriting need; `nil` when the body is not read.
    package let fields: BodyFields?
    /// What the request holds of limits and quotas; `nil` when it has none.
    package let permit: Permit?
    /// What the path is made from when the plan moves: the embedded pool has paths of its own.
    let request: UpstreamRequest

    init(
        endpoint: Endpoint,
        caller: Caller,
        request: UpstreamRequest,
        dialect: Dialect,
        choice: Choice,
        mirrors: [MirrorTarget] = [],
        deployment: Deployment,
        instance: Instance,
        fields: BodyFields?,
        permit: Permit? = nil
    ) {
        self.endpoint = endpoint
        self.caller = caller
        self.dialect = dialect
        self.request = request
        isScoring = request.isScoring
        self.choice = choice
        self.mirrors = mirrors
        self.deployment = deployment
        self.instance = instance
        path = request.path(on: deployment)
        query = request.query
        usage = request.usage
        self.fields = fields
        self.permit = permit
    }

    private init(_ other: Plan, deployment: Deployment, instance: Instance, permit: Permit?) {
        endpoint = other.endpoint
        caller = other.caller
        dialect = other.dialect
        request = other.request
        isScoring = other.isScoring
        choice = other.choice
        mirrors = other.mirrors
        self.deployment = deployment
        self.instance = instance
        path = request.path(on: deployment)
        query = other.query
        usage = other.usage
        fields = other.fields
        self.permit = permit
    }

    /// Whether the caller named the deployment: then no other may answer.
    package var isPinned: Bool { choice.reason == .pinned }

    /// Whether the gateway must ask the upstream for usage, and take the extra event out of the stream again.
    package var asksForUsage: Bool {
        guard usage == .openAI, let fields else { return false }
        return fields.isStreamed && !fields.includesUsage
    }

    /// The plan of a copy of the request, without any limits; `nil` when no instance of the target can take it.
    package func mirrored(to target: MirrorTarget) -> Plan? {
        guard let instance = target.deployment.pickInstance() else { return nil }
        return Plan(self, deployment: target.deployment, instance: instance, permit: nil)
    }

    /// The same plan on another instance of the same or another deployment.
    func moved(to deployment: Deployment, instance: Instance, permit: Permit?) -> Plan {
        Plan(self, deployment: deployment, instance: instance, permit: permit)
    }
}

/// Whose error shape the caller expects.
package enum Dialect: Sendable, Equatable {
    case azure
    case openAI
    case anthropic
}

/// What `admit` asks its owner to do.
package enum Decision: Sendable {
    case plan(Plan)
    /// Hold the body up to this many bytes, read its fields, ask again.
    case needsBody(upTo: Int)
    /// Have the bearer token verified, ask again.
    case needsToken
    case answer(LocalAnswer)
    /// The built-in issuer answers; its requests have small bodies.
    case issuer
    /// Issue an `aml_token`.
    case issueToken(EndpointTokenRequest)
}

/// Who asked for an `aml_token`, and for which endpoint.
package struct EndpointTokenRequest: Sendable, Equatable {
    package let tenant: String
    package let endpoint: String
    package let subject: String
    /// The client id of the principal that asked, where it is one of the built-in issuer.
    package let principal: String?

    package init(tenant: String, endpoint: String, subject: String, principal: String? = nil) {
        self.tenant = tenant
        self.endpoint = endpoint
        self.subject = subject
        self.principal = principal
    }
}

/// What the gateway answers from what it knows.
package enum LocalAnswer: Sendable, Equatable {
    case alive
    case ready
    /// OpenAI's model list: the names that the caller may use.
    case models([String])
    /// OpenAI's single model.
    case model(String)
    /// To a browser's preflight, with these headers.
    case preflight([CORSHeader])
}
