/// The life of a request up to the moment bytes move.
///
/// Read this first.
package struct Admission: Sendable {
    /// How much of a body is held to find its `model`.
    package static let heldBody = 16 << 20

    private let snapshots: SnapshotBox
    private let receipts: ReceiptQueue
    private let usage: UsageRegistry
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
        if case .models(let id) = form {
            try access.checkWay(form, head)
            return .answer(try models(id, access, head))
        }
        let request = UpstreamRequest(form, head: head)
        if request.readsBody, fields == nil { return .needsBody(upTo: Self.heldBody) }
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
        guard receipts.hasRoom else { throw .overloaded }
        let choice = try endpoint.choose(head, caller, header: header)
        let (deployment, instance) = try pick(endpoint, choice)
        let scopes = scopes(tenant, endpoint, deployment, caller)
        let permit = try reserve(scopes, request, fields, head, deployment.price, at: now)
        return .plan(
            Plan(
                endpoint: endpoint,
                caller: caller,
                request: request,
                dialect: form.dialect,
                choice: choice,
                mirrors: choice.reason == .pinned ? [] : endpoint.mirror.pick(),
                deployment: deployment,
                instance: instance,
                fields: fields,
                permit: permit
            )
        )
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

    /// The headers that a page of another origin needs to read the answer, errors included.
    ///
    /// - Parameter endpoint: the request's, once it is known.
    package func corsHeaders(_ head: RequestHead, endpoint: Endpoint?) -> [CORSHeader] {
        let snapshot = snapshots.current
        if let endpoint { return endpoint.cors?.headers(for: head.origin) ?? [] }
        guard let origin = head.origin else { return [] }
        let policy = snapshot.corsPolicy(URLForm(of: head, in: snapshot)) { $0.names(origin) }
        return policy?.headers(for: origin) ?? [CORSPolicy.vary]
    }

    /// Another place for a request whose instance could not take it: first the deployment's other instances, then those of
    /// the endpoint's other deployments that may answer in its place and have room in their limits.
    ///
    /// - Parameter tried: the instances that could not.
    package func pickAgain(_ plan: Plan, of head: RequestHead, except tried: [Instance], at now: Moment) -> Plan? {
        if let instance = plan.deployment.pickInstance(except: tried) {
            return plan.moved(to: plan.deployment, instance: instance, permit: plan.permit)
        }
        var isGivenBack = false
        for (index, deployment) in plan.endpoint.deployments.enumerated()
        where deployment !== plan.deployment && plan.endpoint.mayServe(index, insteadOf: plan.choice) {
            guard let instance = deployment.pickInstance(except: tried) else { continue }
            if !isGivenBack, plan.deployment.isCounted(like: deployment) {
                return plan.moved(to: deployment, instance: instance, permit: plan.permit)
            }
            isGivenBack = true
            if let moved = move(plan, of: head, to: deployment, instance, at: now) { return moved }
        }
        return nil
    }

    /// The plan on another deployment, with that one's limits and price; `nil` when those refuse.
    private func move(
        _ plan: Plan,
        of head: RequestHead,
        to deployment: Deployment,
        _ instance: Instance,
        at now: Moment
    ) -> Plan? {
        // First given back, then taken: what both share would be counted twice.
        plan.permit?.settle(ActualUsage(isAnswered: false), at: now)
        guard let tenant = snapshots.current.tenants[plan.endpoint.tenant] else { return nil }
        do throws(Refusal) {
            let scopes = scopes(tenant, plan.endpoint, deployment, plan.caller)
            let permit = try reserve(scopes, plan.request, plan.fields, head, deployment.price, at: now)
            return plan.moved(to: deployment, instance: instance, permit: permit)
        } catch {
            return nil
        }
    }

    private func scopes(_ tenant: Tenant, _ endpoint: Endpoint, _ deployment: Deployment, _ caller: Caller)
        -> UsageScopes
    {
        UsageScopes(
            tenant: tenant.usage,
            endpoint: endpoint.usage,
            deployment: deployment.usage,
            caller: caller.usage
        )
    }

    /// The last step: nothing before it changes anything.
    private func reserve(
        _ scopes: UsageScopes,
        _ request: UpstreamRequest,
        _ fields: BodyFields?,
        _ head: RequestHead,
        _ price: Price?,
        at now: Moment
    ) throws(Refusal) -> Permit? {
        guard !scopes.isEmpty else { return nil }
        let length = fields.map { max($0.length, head.contentLength ?? 0) } ?? head.contentLength
        let isWholeKnown = head.contentLength != nil || fields.map { $0.length <= Self.heldBody } ?? false
        if !isWholeKnown, scopes.count(.bodyBytes) || (request.usage != nil && scopes.count(.tokens)) {
            throw .lengthRequired
        }
        return try usage.reserve(
            scopes,
            request.demand(fields, length: length),
            address: head.address,
            price: price,
            at: now
        )
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

    private func pick(_ endpoint: Endpoint, _ choice: Choice) throws(Refusal) -> (Deployment, Instance) {
        let deployment = endpoint.deployments[choice.deployment]
        if let instance = deployment.pickInstance() { return (deployment, instance) }
        for (other, deployment) in endpoint.deployments.enumerated()
        where other != choice.deployment && endpoint.mayServe(other, insteadOf: choice) {
            if let instance = deployment.pickInstance() { return (deployment, instance) }
        }
        throw .notReady(deployment: deployment.name)
    }
}
