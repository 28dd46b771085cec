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
    package func admit(
        _ head: RequestHead,
        fields: BodyFields? = nil,
        token: VerifiedToken? = nil,
        at now: Moment
    ) throws(Refusal) -> Decision {
        let snapshot = snapshots.current
        let form = URLForm(of: head, in: snapshot)
        if case .service(let answer) = form { return .answer(answer) }
        if case .issuer = form { return .issuer }
        if let asked = head.preflight { return .answer(.preflight(snapshot.preflight(asked, form))) }
        let identity = IdentityRule(snapshot: snapshot, tokens: tokens, head: head, form: form)
        guard let caller = try identity.caller(token, at: now) else { return .needsToken }
        guard let tenant = snapshot.tenants[caller.tenant] else { throw .unauthenticated(.invalid) }
        guard !tenant.isSuspended else { throw .suspended }
        if case .models(let id) = form { return .answer(try models(id, of: tenant, for: caller)) }
        let request = UpstreamRequest(form, head: head)
        if request.readsBody, fields == nil { return .needsBody(upTo: Self.heldBody) }
        let endpoint = try form.endpoint(fields, in: tenant)
        let access = AccessRule(snapshot: snapshot, tenant: tenant, caller: caller)
        try access.check(endpoint, form, head, asksForToken: request.asksForToken)
        if request.asksForToken, case .token(let token) = caller.proof {
            return .issueToken(
                EndpointTokenRequest(tenant: tenant.name, endpoint: endpoint.name, subject: token.subject)
            )
        }
        guard receipts.hasRoom else { throw .overloaded }
        let (deployment, instance) = try pick(endpoint, pinned: head.pinnedDeployment)
        let scopes = UsageScopes(
            tenant: tenant.usage,
            endpoint: endpoint.usage,
            deployment: deployment.usage,
            caller: caller.usage
        )
        let permit =
            scopes.isEmpty
            ? nil
            : try usage.reserve(
                scopes,
                request.demand(fields, length: head.contentLength),
                address: head.address,
                price: deployment.price,
                at: now
            )
        return .plan(
            Plan(
                endpoint: endpoint,
                caller: caller,
                request: request,
                dialect: form.dialect,
                isPinned: head.pinnedDeployment != nil,
                deployment: deployment,
                instance: instance,
                fields: fields,
                permit: permit
            )
        )
    }

    /// What a verified token is worth is remembered until it expires.
    package func remember(_ token: VerifiedToken, of head: RequestHead, at now: Moment) {
        guard case .bearer(let text) = head.credential else { return }
        tokens.add(token, for: text, at: now.wall)
    }

    /// The headers that a page of another origin needs to read the answer, errors included.
    ///
    /// - Parameter endpoint: the request's, once it is known.
    package func corsHeaders(_ head: RequestHead, endpoint: Endpoint?) -> [CORSHeader] {
        let snapshot = snapshots.current
        if let endpoint { return endpoint.cors?.headers(for: head.origin) ?? [] }
        guard let origin = head.origin else { return [] }
        return snapshot.corsPolicy(URLForm(of: head, in: snapshot), origin)?.headers(for: origin) ?? [CORSPolicy.vary]
    }

    /// Another place for a request whose instance could not take it: first the deployment's other instances, then, unless
    /// the caller pinned it, the endpoint's other deployments that have weight.
    ///
    /// - Parameter tried: the instances that could not.
    package func pickAgain(_ plan: Plan, except tried: [Instance]) -> Plan? {
        if let instance = plan.deployment.pickInstance(except: tried) {
            return plan.moved(to: plan.deployment, instance: instance)
        }
        guard !plan.isPinned else { return nil }
        for (index, deployment) in plan.endpoint.deployments.enumerated()
        where deployment !== plan.deployment && plan.endpoint.split.hasWeight(index) {
            if let instance = deployment.pickInstance(except: tried) {
                return plan.moved(to: deployment, instance: instance)
            }
        }
        return nil
    }

    /// OpenAI's model list: every name of every endpoint that the caller may call.
    private func models(_ id: String?, of tenant: Tenant, for caller: Caller) throws(Refusal) -> LocalAnswer {
        let names = tenant.endpoints.values.filter { AccessRule.opens(caller, $0, in: tenant) }
            .sorted { $0.name < $1.name }
            .flatMap { endpoint in [endpoint.name] + endpoint.modelNames.filter { $0 != endpoint.name } }
        guard let id else { return .models(names) }
        guard names.contains(id) else { throw .noSuchModel }
        return .model(id)
    }

    private func pick(_ endpoint: Endpoint, pinned: String?) throws(Refusal) -> (Deployment, Instance) {
        if let pinned {
            guard let deployment = endpoint.deployments.first(where: { $0.name == pinned }) else {
                throw .noSuchDeployment
            }
            guard let instance = deployment.pickInstance() else { throw .notReady(deployment: pinned) }
            return (deployment, instance)
        }
        guard let index = endpoint.split.pick() else { throw .noTraffic }
        let deployment = endpoint.deployments[index]
        if let instance = deployment.pickInstance() { return (deployment, instance) }
        for (other, deployment) in endpoint.deployments.enumerated()
        where other != index && endpoint.split.hasWeight(other) {
            if let instance = deployment.pickInstance() { return (deployment, instance) }
        }
        throw .notReady(deployment: deployment.name)
    }
}
