/// A captured request that is to be sent once more, to a deployment of its endpoint.
package struct ReplayedRequest: Sendable {
    /// Of the captured exchange.
    package var receipt: Receipt
    /// Without its `?`; empty when there is none.
    package var query: String
    package var message: CapturedMessage
    package var deployment: String

    package init(receipt: Receipt, query: String, message: CapturedMessage, deployment: String) {
        self.receipt = receipt
        self.query = query
        self.message = message
        self.deployment = deployment
    }
}

/// What became of it.
package enum ReplayOutcome: Sendable {
    /// The exchange as it was this time; not yet redacted.
    case answered(Capture)
    /// It cannot be sent, for this reason; others may be.
    case unsent(String)
    /// Neither it nor any other can be sent now.
    case ended(String)
}

extension Caller {
    /// Who sends replayed requests, in receipts and logs: no caller of a tenant is called so.
    static let replayLabel = "replay"
}

extension Receipt {
    /// Whether it is of a replayed request: a copy, as those for mirrors are, that an operator asked for.
    package var isReplay: Bool { !mirrorOf.isEmpty && caller == Caller.replayLabel }
}

/// What a captured request finds that is to be sent again.
package enum ReplayPlan: Sendable {
    /// A place at an instance was taken for it.
    ///
    /// - Parameter capture: how what comes of it is redacted: as the answer was that it is compared with.
    case plan(Plan, capture: CaptureRule)
    /// All instances are full, or somebody waits for one.
    case full
    /// No instance takes requests.
    case out
    /// Its endpoint or the deployment is no more, or its tenant is suspended.
    case gone
    /// Neither the deployment that answered first nor this one is captured: how its answer is redacted is not known.
    case unruled
}

extension Snapshot {
    /// The plan of a captured request on a deployment of an operator's choice: without limits, permits, mirrors and fallback.
    ///
    /// A replayed request overtakes nobody who waits, and is no trial.
    package func replay(_ request: ReplayedRequest) -> ReplayPlan {
        let receipt = request.receipt
        guard let tenant = tenants[receipt.tenant], !tenant.isSuspended,
            let endpoint = tenant.endpoints[receipt.endpoint],
            let index = endpoint.deployments.firstIndex(where: { $0.name == request.deployment })
        else { return .gone }
        let deployment = endpoint.deployments[index]
        let first = endpoint.deployments.first { $0.name == receipt.deployment }
        guard let rule = first?.capture ?? deployment.capture else { return .unruled }
        guard deployment.capacity.limit == nil || deployment.queue.isEmpty else { return .full }
        let instance: Instance
        switch deployment.take(at: nil) {
        case .taken(let taken): instance = taken
        case .full: return .full
        case .none: return .out
        }
        let call = request.call(to: endpoint, at: index, of: tenant, in: self)
        let plan = Plan(
            call,
            Plan.Seat(deployment: deployment, instance: instance, isTaken: true),
            origin: deployment,
            permit: nil
        )
        return .plan(plan, capture: rule)
    }
}

extension ReplayedRequest {
    fileprivate func call(to endpoint: Endpoint, at index: Int, of tenant: Tenant, in snapshot: Snapshot)
        -> AdmittedCall
    {
        let head = RequestHead(
            method: receipt.method,
            path: receipt.path,
            query: query.isEmpty ? nil : query,
            contentType: message.first("content-type"),
            contentLength: message.body.count
        )
        let form = form(of: head, to: endpoint, in: snapshot)
        let upstream = UpstreamRequest(form, head: head)
        let isRead = upstream.isRoutedByBody || endpoint.readsBody(upstream, contentType: head.contentType)
        return AdmittedCall(
            tenant: tenant,
            endpoint: endpoint,
            caller: Caller(tenant: tenant.name, label: Caller.replayLabel, proof: .none, endpoints: [endpoint.name]),
            request: upstream,
            dialect: form.dialect,
            choice: Choice(deployment: index, reason: .pinned),
            mirrors: [],
            fields: isRead ? BodyFields(of: message.body.span, contentType: head.contentType) : nil,
            head: head
        )
    }

    /// A capture does not say by which host it came: a path that is no other form came by the endpoint's own.
    private func form(of head: RequestHead, to endpoint: Endpoint, in snapshot: Snapshot) -> URLForm {
        let form = URLForm(of: head, in: snapshot)
        switch form {
        case .path(endpoint.tenant, endpoint.name, _), .openAI, .anthropic, .azureOpenAI: return form
        default: return .host(tenant: endpoint.tenant, endpoint: endpoint.name)
        }
    }
}
