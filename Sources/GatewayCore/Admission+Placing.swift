/// Where an admitted request goes: limits first, then a place at an instance, else the next deployment that may answer.
extension Admission {
    /// The deployment's own instances; when none may be used, the endpoint's fallback chain, or where it has none its other
    /// deployments that may answer instead; and last an instance that is out, since nothing better is left.
    ///
    /// While a backend starts the fallback chain answers. Where all have asked for a pause, the request waits for the end of
    /// the first.
    func place(_ call: AdmittedCall, on first: Deployment, at now: Moment) throws(Refusal) -> Decision {
        if call.endpoint.fallback != nil, call.choice.reason != .pinned, first.isCold,
            let other = fallBack(call, from: first, origin: first, at: 0, because: .noHealthyInstance, now)
        {
            return other
        }
        let refusal: Refusal
        do throws(Refusal) {
            return try seat(call, on: first, origin: first, at: now)
        } catch {
            refusal = error
        }
        guard let reason = FallbackReason(refusal) else { throw refusal }
        if call.choice.reason != .pinned {
            let other =
                call.endpoint.fallback == nil
                ? try beside(call, first, because: reason, at: now)
                : fallBack(call, from: first, origin: first, at: 0, because: reason, now)
            if let other { return other }
        }
        guard reason == .noHealthyInstance else { throw refusal }
        return try seat(call, on: first, origin: first, isLast: true, at: now)
    }

    /// Another place for a request whose instance could not be reached: first the deployment's other instances, then, unless
    /// the caller pinned it or the endpoint has a fallback, its other deployments that may answer instead and have room in their limits.
    ///
    /// Where all are full it waits for a place, and where a worker could not be reached, until its supervisor has another. Where
    /// there is nothing of the settings that it was admitted by, those that are served now take it. The old plan's place is
    /// given back.
    ///
    /// - Parameter tried: the instances that could not.
    package func pickAgain(_ plan: Plan, of head: RequestHead, except tried: [Instance], at now: Moment) -> Decision? {
        plan.leave(at: now.uptime)
        guard let call = call(of: plan, head) else { return nil }
        let place = plan.deployment.take(except: tried, leaving: plan.reserve, at: now.uptime)
        if case .taken(let instance) = place {
            return .plan(self.plan(call, plan, on: plan.deployment, instance, plan.permit))
        }
        var isGivenBack = false
        var full: Deployment?
        for deployment in plan.alternatives {
            let place = deployment.take(except: tried, at: now.uptime)
            if case .full = place { full = full ?? deployment }
            guard case .taken(let instance) = place else { continue }
            let isMetered = call.request.usage(on: deployment) == plan.usage
            if !isGivenBack, isMetered, plan.deployment.isCounted(like: deployment) {
                return .plan(self.plan(call, plan, on: deployment, instance, plan.permit))
            }
            // First given back, then taken: what both share would be counted twice.
            isGivenBack = true
            plan.permit?.settle(ActualUsage(isAnswered: false), at: now)
            do throws(Refusal) {
                let permit = try reserve(call, deployment, at: now)
                return .plan(self.plan(call, plan, on: deployment, instance, permit))
            } catch {
                instance.leave(begun: now.uptime, at: now.uptime)
            }
        }
        guard !isGivenBack, !plan.canFallBack else { return nil }
        if place.isFull || plan.deployment.pool?.isWorthWaiting == true { return .queue(plan.holding(plan.permit)) }
        guard let full else { return followChange(plan, of: head, at: now) }
        plan.permit?.settle(ActualUsage(isAnswered: false), at: now)
        return try? seat(call, on: full, origin: plan.origin, at: now)
    }

    /// The same deployment as it is served now, for a request that was admitted by earlier settings; what the plan held is
    /// given back.
    ///
    /// - Returns: `nil` where the deployment is the same still, is gone, or takes nothing.
    package func followChange(_ plan: Plan, of head: RequestHead, at now: Moment) -> Decision? {
        guard let call = call(of: plan, head),
            let endpoint = call.tenant.endpoints[plan.endpoint.name],
            let next = endpoint.deployments.first(where: { $0.name == plan.deployment.name }),
            next !== plan.deployment
        else { return nil }
        plan.permit?.settle(ActualUsage(isAnswered: false), at: now)
        return try? seat(call, on: next, origin: next, isLast: true, at: now)
    }

    /// The next deployment of the endpoint's fallback chain that takes the request, and what the plan held is given back;
    /// `nil` when there is none: then the plan goes on holding it.
    package func fallBack(
        _ plan: inout Plan,
        of head: RequestHead,
        because reason: FallbackReason,
        at now: Moment
    ) -> Decision? {
        guard plan.substitutes.contains(where: { $0.isAvailable(at: now.uptime) }), let call = call(of: plan, head)
        else { return nil }
        // First given back, then taken: what both deployments share would be counted twice.
        plan.permit?.settle(ActualUsage(isAnswered: false), at: now)
        let (current, start) = (plan.deployment, plan.nextFallback)
        let next = fallBack(call, from: current, origin: plan.origin, at: start, because: reason, now)
        if next != nil {
            plan.leave(at: now.uptime)
        } else if plan.permit != nil {
            plan = plan.holding(try? reserve(call, plan.deployment, at: now))
        }
        return next
    }

    private func fallBack(
        _ call: AdmittedCall,
        from current: Deployment,
        origin: Deployment,
        at start: Int,
        because reason: FallbackReason,
        _ now: Moment
    ) -> Decision? {
        guard let chain = call.endpoint.fallback?.chain else { return nil }
        for index in chain.indices.dropFirst(start) where chain[index] !== current && chain[index] !== origin {
            guard call.endpoint.mayFallBack(to: chain[index], from: call.choice) else { continue }
            let step = (reason: reason, next: index + 1)
            let decision = try? seat(call, on: chain[index], origin: origin, step: step, at: now)
            if let decision { return decision }
        }
        return nil
    }

    /// The endpoint's other deployments that may answer, when the one whose turn it is has no instance.
    private func beside(
        _ call: AdmittedCall,
        _ first: Deployment,
        because reason: FallbackReason,
        at now: Moment
    ) throws(Refusal) -> Decision? {
        guard reason == .noHealthyInstance else { return nil }
        for (index, deployment) in call.endpoint.deployments.enumerated()
        where deployment !== first && call.endpoint.mayServe(index, insteadOf: call.choice) {
            guard deployment.isAvailable(at: now.uptime) else { continue }
            return try seat(call, on: deployment, origin: first, at: now)
        }
        return nil
    }

    /// Reserves the limits, then takes a place; where all places are taken, the plan waits for one.
    private func seat(
        _ call: AdmittedCall,
        on deployment: Deployment,
        origin: Deployment,
        step: (reason: FallbackReason, next: Int)? = nil,
        isLast: Bool = false,
        at now: Moment
    ) throws(Refusal) -> Decision {
        guard let any = deployment.instances.first, isLast || deployment.isAvailable(at: now.uptime) else {
            throw .notReady(deployment: deployment.name)
        }
        if isLast, let refusal = deployment.pauseBeyondWait(at: now.uptime) { throw refusal }
        let permit = try reserve(call, deployment, at: now)
        // Nobody overtakes those who wait.
        let mayTake = deployment.capacity.limit == nil || deployment.queue.isEmpty
        let reserve = step == nil ? 0 : call.endpoint.reserve(of: deployment)
        let place = mayTake ? deployment.take(isLast: isLast, leaving: reserve, at: now.uptime) : .full
        func plan(_ instance: Instance, isTaken: Bool) -> Plan {
            let seat = Plan.Seat(
                deployment: deployment,
                instance: instance,
                isTaken: isTaken,
                fallback: step?.reason,
                nextFallback: step?.next ?? 0
            )
            return Plan(call, seat, origin: origin, permit: permit)
        }
        switch place {
        case .taken(let instance):
            deployment.budget.earn(at: now.uptime)
            return .plan(plan(instance, isTaken: true))
        case .full: return .queue(plan(any, isTaken: false))
        case .none:
            permit?.settle(ActualUsage(isAnswered: false), at: now)
            throw .notReady(deployment: deployment.name)
        }
    }

    /// The step that may refuse and changes something; what it took is given back when a later one refuses.
    private func reserve(_ call: AdmittedCall, _ deployment: Deployment, at now: Moment) throws(Refusal) -> Permit? {
        let scopes = call.scopes(deployment)
        guard !scopes.isEmpty else { return nil }
        let length = call.fields.map { max($0.length, call.head.contentLength ?? 0) } ?? call.head.contentLength
        let isWholeKnown = call.head.contentLength != nil || call.fields.map { $0.length <= Self.heldBody } ?? false
        let format = call.request.usage(on: deployment)
        if !isWholeKnown, scopes.count(.bodyBytes) || (format != nil && scopes.count(.tokens)) {
            throw .lengthRequired
        }
        return try usage.reserve(
            scopes,
            call.request.demand(
                format,
                call.fields,
                length: length,
                hasOutput: deployment.pool?.hasOutput ?? true
            ),
            address: call.head.address,
            price: deployment.price,
            at: now
        )
    }

    private func plan(
        _ call: AdmittedCall,
        _ old: Plan,
        on deployment: Deployment,
        _ instance: Instance,
        _ permit: Permit?
    ) -> Plan {
        let seat = Plan.Seat(
            deployment: deployment,
            instance: instance,
            isTaken: true,
            fallback: old.fallback,
            nextFallback: old.nextFallback
        )
        return Plan(call, seat, origin: old.origin, permit: permit)
    }

    /// The call that a plan was made for; `nil` when its tenant is gone, or another has its name.
    private func call(of plan: Plan, _ head: RequestHead) -> AdmittedCall? {
        guard let tenant = snapshots.current.tenants[plan.endpoint.tenant] else { return nil }
        if let endpoint = tenant.endpoints[plan.endpoint.name] {
            guard endpoint.access.createdAt == plan.endpoint.access.createdAt else { return nil }
        }
        return AdmittedCall(
            tenant: tenant,
            endpoint: plan.endpoint,
            caller: plan.caller,
            request: plan.request,
            dialect: plan.dialect,
            choice: plan.choice,
            mirrors: plan.mirrors,
            fields: plan.fields,
            head: head
        )
    }
}
