/// The life of a request up to the moment bytes move.
///
/// Read this first.
package struct Admission: Sendable {
    /// How much of a body is held to find its `model`.
    package static let heldBody = 16 << 20

    private let snapshots: SnapshotBox
    private let receipts: ReceiptQueue

    package init(snapshots: SnapshotBox, receipts: ReceiptQueue) {
        self.snapshots = snapshots
        self.receipts = receipts
    }

    /// Decides about a request, or says what it still needs to know.
    ///
    /// - Parameter fields: what was read from the held body after `needsBody`.
    package func admit(_ head: RequestHead, fields: BodyFields? = nil) throws(Refusal) -> Decision {
        let snapshot = snapshots.current
        let form = URLForm(of: head, in: snapshot)
        if case .service(let answer) = form { return .answer(answer) }
        let caller = try identify(head.credential, in: snapshot)
        guard let tenant = snapshot.tenants[caller.tenant] else { throw .unauthenticated(.invalid) }
        if let answer = try models(form, of: tenant, for: caller) { return .answer(answer) }
        let request = UpstreamRequest(form, head: head)
        if request.readsBody, fields == nil { return .needsBody(upTo: Self.heldBody) }
        let endpoint = try find(form, fields: fields, in: tenant, snapshot)
        guard endpoint.name == caller.endpoint else { throw .forbidden }
        guard receipts.hasRoom else { throw .overloaded }
        let (deployment, instance) = try pick(endpoint, pinned: head.pinnedDeployment)
        return .plan(
            Plan(
                endpoint: endpoint,
                caller: caller,
                request: request,
                dialect: form.dialect,
                isPinned: head.pinnedDeployment != nil,
                deployment: deployment,
                instance: instance,
                fields: fields
            )
        )
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

    private func identify(_ credential: Credential, in snapshot: Snapshot) throws(Refusal) -> Caller {
        switch credential {
        case .none: throw .unauthenticated(.missing)
        case .conflicting: throw .unauthenticated(.conflicting)
        case .key(let secret):
            guard let caller = snapshot.keyring.identify(secret) else { throw .unauthenticated(.invalid) }
            return caller
        }
    }

    private func models(_ form: URLForm, of tenant: Tenant, for caller: Caller) throws(Refusal) -> LocalAnswer? {
        guard case .models(let id) = form else { return nil }
        guard let endpoint = tenant.endpoints[caller.endpoint] else { throw .noSuchEndpoint }
        let names = [endpoint.name] + endpoint.modelNames.filter { $0 != endpoint.name }
        guard let id else { return .models(names) }
        guard names.contains(id) else { throw .noSuchModel }
        return .model(id)
    }

    /// The endpoint that the form, or the body's `model`, names.
    ///
    /// Another tenant's does not exist.
    private func find(
        _ form: URLForm,
        fields: BodyFields?,
        in tenant: Tenant,
        _ snapshot: Snapshot
    ) throws(Refusal) -> Endpoint {
        switch form {
        case .path(let tenantName, let name, _):
            guard tenantName == tenant.name, let endpoint = tenant.endpoints[name] else { throw .noSuchEndpoint }
            return endpoint
        case .host(let tenantName, let label):
            guard tenantName == tenant.name, let endpoint = tenant.endpointsByLabel[label] else {
                throw .noSuchEndpoint
            }
            return endpoint
        case .azureOpenAI(let name, _):
            guard let endpoint = tenant.endpointsByModel[name] else { throw .noSuchModel }
            return endpoint
        case .ownHost(let endpoint):
            guard endpoint.tenant == tenant.name else { throw .noSuchEndpoint }
            return endpoint
        case .openAI, .anthropic:
            guard let fields else { throw .bodyUnreadable(.noModel) }
            guard let endpoint = tenant.endpointsByModel[try fields.requireModel()] else { throw .noSuchModel }
            return endpoint
        case .unknown, .models, .service: throw .noSuchEndpoint
        }
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
