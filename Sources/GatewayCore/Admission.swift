/// The life of a request up to the moment bytes move.
///
/// Read this first.
package struct Admission: Sendable {
    /// How much of a body is held to find its `model`.
    package static let heldBody = 16 << 20

    let snapshots: SnapshotBox
    private let receipts: ReceiptQueue
    let usage: UsageRegistry
    private let tokens: TokenCache

    package init(
        snapshots: SnapshotBox,
        receipts: ReceiptQueue,
        usage: UsageRegistry = UsageRegistry(),
        tokens: TokenCache = TokenCache()
    ) {
        self.snapshots = snapshots
        self.receipts = receipts
        self.usage = usage
        self.tokens = tokens
    }

    /// Decides about a request, or says what it still needs to know.
    ///
    /// - Parameters:
    ///   - fields: what was read from the held body after `needsBody`.
    ///   - token: what `needsToken` asked for.
    ///   - header: the request's first header of a name; asked for what an endpoint routes by.
    package func admit(
        _ head: RequestHead,
        fields: BodyFields? = nil,
        token: VerifiedToken? = nil,
        header: (String) -> String? = { _ in nil },
        at now: Moment
    ) throws(Refusal) -> Decision {
        let snapshot = snapshots.current
        let form = URLForm(of: head, in: snapshot)
        if case .service(let answer) = form { return .answer(answer) }
        if case .issuer = form { return .issuer }
        if let asked = head.preflight { return .answer(.preflight(snapshot.preflight(asked, form))) }
        let identity = IdentityRule(snapshot: snapshot, tokens: tokens)
        guard let caller = try identity.caller(head, form, token, at: now) else { return .needsToken }
        guard let tenant = snapshot.tenants[caller.tenant] else { throw .unauthenticated(.invalid) }
        guard !tenant.isSuspended else { throw .suspended }
        let access = AccessRule(snapshot: snapshot, tenant: tenant, caller: caller)
        try access.checkKnown()
        if case .models(let id) = form {
            try access.checkWay(form, head)
            return .answer(try models(id, access, head))
        }
        let request = UpstreamRequest(form, head: head)
        if request.isRoutedByBody {
            guard let fields else { return .needsBody(upTo: Self.heldBody) }
            if fields.model == nil, fields.length > Self.heldBody { throw .bodyTooLarge(limit: Self.heldBody) }
        }
        let endpoint = try form.endpoint(fields, in: tenant)
        try access.check(endpoint, form, head, asksForToken: request.asksForToken)
        if request.asksForToken, case .token(let token) = caller.proof {
            return .issueToken(
                EndpointTokenRequest(
                    tenant: tenant.name,
                    endpoint: endpoint.name,
                    subject: token.subject,
                    principal: token.issuer == .builtIn(tenant: tenant.name) ? token.application : nil
                )
            )
        }
        if fields == nil, endpoint.readsBody(request, contentType: head.contentType) {
            return .needsBody(upTo: Self.heldBody)
        }
        guard receipts.hasRoom else { throw .overloaded }
        let choice = try endpoint.choose(head, caller, header: header)
        let call = AdmittedCall(
            tenant: tenant,
            endpoint: endpoint,
            caller: caller,
            request: request,
            dialect: form.dialect,
            choice: choice,
            mirrors: choice.reason == .pinned ? [] : endpoint.mirror.pick(),
            fields: fields,
            head: head
        )
        return try place(call, on: endpoint.deployments[choice.deployment], at: now)
    }

    /// Changes when tokens must be verified anew; taken before one is.
    package var tokenGeneration: Int { tokens.generation }

    /// What a verified token is worth is remembered until it expires.
    ///
    /// - Returns: false when trust has changed since `generation`: the token must be verified again.
    package func remember(_ token: VerifiedToken, of head: RequestHead, generation: Int, at now: Moment) -> Bool {
        guard case .bearer(let text) = head.credential else { return false }
        return tokens.add(token, for: text, generation: generation, at: now.wall)
    }

    /// Whose error shape the sender of a request expects that has no plan yet.
    package func dialect(of head: RequestHead) -> Dialect { URLForm(of: head, in: snapshots.current).dialect }

    /// The headers that a page of another origin needs to read the answer, errors included; `Vary` always.
    ///
    /// - Parameters:
    ///   - endpoint: the request's, once it has a plan.
    ///   - fields: of a refused request's body, where they were read.
    ///   - token: of a refused request, where it was verified.
    package func corsHeaders(
        _ head: RequestHead,
        endpoint: Endpoint?,
        fields: BodyFields? = nil,
        token: VerifiedToken? = nil,
        at now: Moment
    ) -> [CORSHeader] {
        guard let origin = head.origin else { return CORSPolicy.onlyVary }
        if let endpoint { return endpoint.cors?.headers(for: origin) ?? CORSPolicy.onlyVary }
        let snapshot = snapshots.current
        let form = URLForm(of: head, in: snapshot)
        if let refused = try? asked(head, form, fields, token, at: now) {
            return refused.cors?.headers(for: origin) ?? CORSPolicy.onlyVary
        }
        return snapshot.corsPolicy(form, for: origin)?.headers(for: origin) ?? CORSPolicy.onlyVary
    }

    /// The endpoint that a refused request was for, where its caller is known.
    private func asked(
        _ head: RequestHead,
        _ form: URLForm,
        _ fields: BodyFields?,
        _ token: VerifiedToken?,
        at now: Moment
    ) throws(Refusal) -> Endpoint? {
        let snapshot = snapshots.current
        let identity = IdentityRule(snapshot: snapshot, tokens: tokens)
        guard let caller = try identity.caller(head, form, token, at: now), let tenant = snapshot.tenants[caller.tenant]
        else { return nil }
        return try form.endpoint(fields, in: tenant)
    }

    /// Whose a refused request is: its caller's tenant, or where nobody is known, the one that its URL names; and the endpoint,
    /// where that is one of the tenant's.
    ///
    /// - Parameters:
    ///   - fields: of its body, where they were read.
    ///   - token: where it was verified.
    package func owner(
        of head: RequestHead,
        fields: BodyFields?,
        token: VerifiedToken?,
        at now: Moment
    ) -> (tenant: String, endpoint: String)? {
        let snapshot = snapshots.current
        let form = URLForm(of: head, in: snapshot)
        let identity = IdentityRule(snapshot: snapshot, tokens: tokens)
        if let caller = try? identity.caller(head, form, token, at: now), let tenant = snapshot.tenants[caller.tenant] {
            return (tenant.name, (try? form.endpoint(fields, in: tenant))?.name ?? "")
        }
        if let endpoint = snapshot.endpoint(of: form) { return (endpoint.tenant, endpoint.name) }
        return form.tenant.flatMap { snapshot.tenants[$0] }.map { ($0.name, "") }
    }

    /// OpenAI's model list: every name of every endpoint that the caller may call from where it is.
    private func models(_ id: String?, _ access: AccessRule, _ head: RequestHead) throws(Refusal) -> LocalAnswer {
        let names = access.tenant.endpoints.values
            .filter { AccessRule.opens(access.caller, $0, in: access.tenant) && access.reaches($0, head) }
            .sorted { $0.name < $1.name }
            .flatMap { endpoint in [endpoint.name] + endpoint.modelNames.filter { $0 != endpoint.name } }
        guard let id else { return .models(names) }
        guard names.contains(id) else { throw .noSuchModel }
        return .model(id)
    }
}
