import GatewayCore
import NIOCore

/// A request that waits for a place.
extension ExchangeHandler {
    /// Every instance has as many requests as it may.
    ///
    /// - Parameter lost: where an instance has had it already: the caller's clock goes on. At the same deployment it waits for
    ///   the next worker, as long as for a start.
    func wait(_ plan: Plan, after lost: Plan? = nil) {
        guard let request = current else { return }
        exchange.planned()
        let isForWorker = lost?.deployment === plan.deployment && plan.deployment.isNative
        if lost == nil { request.attemptStarted = .now() }
        let number = resources.nextWaiting()
        let bound = NIOLoopBound(resources, eventLoop: resources.loop)
        let loop = resources.loop
        let notBefore = isForWorker ? Int64.uptime + Limits.workerLoss : nil
        let waiter = Waiter(plan, notBefore: notBefore) { outcome in
            loop.execute { bound.value.woken(number, outcome) }
        }
        let deployment = plan.deployment
        request.waiter = QueuePlace(
            number: number,
            waiter: waiter,
            queue: deployment.queue,
            isForStart: isForWorker || deployment.isComing,
            isAfterLoss: lost != nil
        )
        resources.waiting[number] = self
        if !isForWorker {
            let wait = NIODeadline.now() + TimeAmount(deployment.longestWait)
            request.deadline = lost == nil ? nil : request.deadline ?? requestTimer.deadline
            requestTimer.set(min(wait, request.deadline ?? wait))
        }
        guard !plan.deployment.queue.enter(waiter, at: .uptime) else { return }
        queueWasFull(plan)
    }

    func woken(_ outcome: Waiter.Outcome) {
        guard let request = current, let waiting = request.plan, let place = request.waiter else {
            return outcome.giveBack()
        }
        request.waiter = nil
        switch outcome {
        case .seated(let instance): takeSeat(waiting.seated(at: instance), request)
        case .displaced: queueWasFull(waiting)
        case .released:
            if let decision = resources.admission.followChange(waiting, of: request.head, at: .now) {
                follow(decision)
            } else if place.isAfterLoss,
                let next = resources.admission.pickAgain(waiting, of: request.head, except: request.tried, at: .now)
            {
                goOn(next, request)
            } else if !fallsBack(waiting, because: .noHealthyInstance) {
                refuse(.notReady(deployment: waiting.deployment.name))
            }
        }
        if !isInRead { flushAll() }
    }

    private func takeSeat(_ plan: Plan, _ request: CurrentRequest) {
        plan.deployment.budget.earn(at: .uptime)
        request.plan = plan
        // The time in the queue counts: the caller's clock runs.
        if let deadline = request.deadline {
            requestTimer.set(deadline)
        } else if request.deaths == 0 {
            requestTimer.set(request.attemptStarted + TimeAmount(plan.deployment.timeout))
        }
        connect(plan)
    }

    /// No instance had a place in time.
    func waitEnded() {
        guard let request = current, let plan = request.plan, let place = request.waiter else { return }
        // A pause may be over since the queue was looked after; who has a place then is woken.
        place.queue.serve(at: .uptime)
        guard place.queue.leave(place.waiter) else { return }
        request.waiter = nil
        resources.waiting[place.number] = nil
        if fallsBack(plan, because: .queueFull) { return }
        if place.isForStart {
            let milliseconds = plan.deployment.timeout.milliseconds
            return refuse(.coldStart(deployment: plan.deployment.name, milliseconds: milliseconds))
        }
        if let paused = plan.deployment.pause(at: .uptime) { return refuse(paused) }
        // Without a cap it was a pause that it waited for, and something else keeps the instance out since.
        guard let limit = plan.deployment.capacity.limit else {
            return refuse(.notReady(deployment: plan.deployment.name))
        }
        refuse(
            .queueWaitOver(
                deployment: plan.deployment.name,
                milliseconds: plan.deployment.longestWait.milliseconds,
                limit: limit
            )
        )
    }

    func leaveQueue(_ request: CurrentRequest) {
        guard let place = request.waiter else { return }
        request.waiter = nil
        resources.waiting[place.number] = nil
        // Woken meanwhile: `woken` finds nobody and gives the place back.
        place.queue.leave(place.waiter)
    }

    private func queueWasFull(_ plan: Plan) {
        guard let request = current else { return }
        leaveQueue(request)
        if fallsBack(plan, because: .queueFull) { return }
        if let paused = plan.deployment.pause(at: .uptime) { return refuse(paused) }
        refuse(.queueFull(deployment: plan.deployment.name, limit: plan.deployment.capacity.limit ?? 0))
    }
}

/// A request's place in the queue of a deployment.
struct QueuePlace {
    /// Its number among those that wait on this event loop.
    let number: Int
    let waiter: Waiter
    let queue: CapacityQueue
    /// It waits for a worker to start, until its deadline.
    let isForStart: Bool
    /// An instance has had it before.
    let isAfterLoss: Bool
}

extension LoopResources {
    /// A waiter of this event loop got its place, or lost it.
    fileprivate func woken(_ number: Int, _ outcome: Waiter.Outcome) {
        guard let handler = waiting.removeValue(forKey: number) else { return outcome.giveBack() }
        handler.woken(outcome)
    }
}

extension Waiter.Outcome {
    /// Nobody is there any more to take the place.
    fileprivate func giveBack() {
        guard case .seated(let instance) = self else { return }
        instance.leave(begun: .uptime, at: .uptime)
    }
}
