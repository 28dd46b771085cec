/// A change that takes longer than its request: stored and served at once, done when its deployments have ready instances.
///
/// A state machine without a clock: `advance` is told how long it has been going on.
package struct ControlOperation: Sendable, Equatable {
    /// What clients see as `status` and as `provisioningState`.
    package enum State: String, Sendable, CaseIterable {
        case creating = "Creating"
        case updating = "Updating"
        case deleting = "Deleting"
        case succeeded = "Succeeded"
        case failed = "Failed"

        package var isOver: Bool { self == .succeeded || self == .failed }
    }

    /// A deployment that must become ready.
    package struct Target: Sendable, Equatable, Codable {
        /// `tenant/endpoint/deployment`.
        package var deployment: String
        /// Whether it was made by this operation.
        package var isNew: Bool
        /// Whether the operation only waits for it: what it changes leads requests there, and the deployment's state is its
        /// own operation's to say.
        package var isAwaited: Bool
        /// Milliseconds that it has, from the operation's start.
        package var deadline: Int64
        /// The most instances that were ready at once.
        package var ready: Int
        package var isDone: Bool

        package init(_ deployment: String, isNew: Bool = false, isAwaited: Bool = false, deadline: Int64) {
            self.deployment = deployment
            self.isNew = isNew
            self.isAwaited = isAwaited
            self.deadline = deadline
            ready = 0
            isDone = false
        }
    }

    /// Something that happened.
    package struct Step: Sendable, Equatable, Codable {
        /// Milliseconds since the operation's start.
        package var elapsed: Int64
        package var text: String

        package init(elapsed: Int64, text: String) {
            self.elapsed = elapsed
            self.text = text
        }
    }

    /// Why it failed.
    package struct Failure: Sendable, Equatable, Codable {
        package var code: String
        package var message: String

        package init(code: String, message: String) {
            self.code = code
            self.message = message
        }
    }

    package let id: String
    /// What was asked to change: `tenant/endpoint/deployment`, or `apply`.
    package let resource: String
    /// Whose resources it names; an operator of another tenant does not see it.
    package let tenants: [String]
    /// Milliseconds since 1970.
    package let startedAt: Int64
    /// Whether it is work of the gateway's own, which itself says when it is done: no deployment tells.
    package let isWork: Bool
    package private(set) var finishedAt: Int64?
    package private(set) var state: State
    package private(set) var targets: [Target]
    package private(set) var steps: [Step]
    package private(set) var failure: Failure?

    package init(
        id: String,
        resource: String,
        tenants: [String],
        startedAt: Int64,
        state: State,
        targets: [Target],
        isWork: Bool = false
    ) {
        self.id = id
        self.resource = resource
        self.tenants = tenants
        self.startedAt = startedAt
        self.state = state
        self.targets = targets
        self.isWork = isWork
        steps = []
    }

    /// As it was stored.
    init(_ stored: StoredOperation) {
        self.init(
            id: stored.id,
            resource: stored.resource,
            tenants: stored.tenants,
            startedAt: stored.startedAt,
            state: stored.state,
            targets: stored.targets,
            isWork: stored.isWork
        )
        finishedAt = stored.finishedAt
        steps = stored.steps
        failure = stored.failure
    }

    /// What the deployment's own state is, as far as this operation says.
    package func state(of deployment: String) -> State {
        guard let target = targets.first(where: { $0.deployment == deployment }) else { return state }
        return target.isDone ? .succeeded : target.isNew && !state.isOver ? .creating : state
    }

    /// The change is stored, and every request from now on sees it.
    package mutating func published(after elapsed: Int64) {
        note("configuration stored and served", elapsed)
        succeedIfDone(after: elapsed)
    }

    /// Looks at the deployments.
    ///
    /// - Parameters:
    ///   - readiness: `nil` for a deployment that is not served.
    ///   - own: the last operation that made or changed a deployment.
    /// - Returns: whether anything is different.
    package mutating func advance(
        after elapsed: Int64,
        _ readiness: (String) -> DeploymentReadiness?,
        own: (String) -> ControlOperation? = { _ in nil }
    ) -> Bool {
        guard !state.isOver, !isWork else { return false }
        let before = self
        for index in targets.indices where !targets[index].isDone {
            let path = targets[index].deployment
            guard let found = readiness(path) else {
                fail("DeploymentRemoved", "\(path) was removed before it had a ready instance", after: elapsed)
                return true
            }
            look(at: found, index, elapsed)
            guard !found.isReady else { continue }
            guard !isOverdue(targets[index], own(path), elapsed) else {
                fail("DeploymentNotReady", Self.excuse(path, found, targets[index].deadline), after: elapsed)
                return true
            }
        }
        succeedIfDone(after: elapsed)
        return self != before
    }

    /// The work has come a step further.
    package mutating func tell(_ text: String, after elapsed: Int64) {
        guard !state.isOver, steps.count < Self.mostSteps else { return }
        note(text, elapsed)
    }

    /// The work is done.
    package mutating func succeed(after elapsed: Int64) {
        guard !state.isOver else { return }
        note("succeeded", elapsed)
        end(.succeeded, elapsed)
    }

    private static let mostSteps = 200

    /// Another change of the same deployment has taken its place.
    package mutating func superseded(by other: String, after elapsed: Int64) {
        guard !state.isOver else { return }
        fail("Superseded", "a later change, operation \(other), has taken its place", after: elapsed)
    }

    package mutating func fail(_ code: String, _ message: String, after elapsed: Int64) {
        guard !state.isOver else { return }
        failure = Failure(code: code, message: message)
        note(message, elapsed)
        end(.failed, elapsed)
    }

    /// Whether a deployment has had its time; one that is only waited for has that of its own operation.
    private func isOverdue(_ target: Target, _ own: ControlOperation?, _ elapsed: Int64) -> Bool {
        guard target.isAwaited, let own else { return elapsed >= target.deadline }
        guard own.state.isOver else { return false }
        // One that had failed before may be ready soon all the same: then its probes have their time once more.
        let hasFailedMeanwhile = own.state == .failed && own.finishedAt ?? 0 >= startedAt
        return hasFailedMeanwhile || elapsed >= target.deadline
    }

    private mutating func look(at found: DeploymentReadiness, _ index: Int, _ elapsed: Int64) {
        let path = targets[index].deployment
        if found.ready > targets[index].ready {
            for number in targets[index].ready + 1...found.ready { note("\(path): instance \(number) ready", elapsed) }
            targets[index].ready = found.ready
        }
        targets[index].isDone = found.isReady
    }

    private mutating func succeedIfDone(after elapsed: Int64) {
        guard !state.isOver, targets.allSatisfy(\.isDone) else { return }
        note("succeeded", elapsed)
        end(.succeeded, elapsed)
    }

    private mutating func note(_ text: String, _ elapsed: Int64) {
        steps.append(Step(elapsed: elapsed, text: text))
    }

    private mutating func end(_ state: State, _ elapsed: Int64) {
        self.state = state
        finishedAt = startedAt + elapsed
    }

    private static func excuse(_ path: String, _ found: DeploymentReadiness, _ deadline: Int64) -> String {
        let answer = found.lastAnswer.map { "its last probe: \($0)" } ?? "no probe was answered"
        if found.ready > 0 {
            return
                "\(path) is ready, but instances of its earlier configuration still answer after \(deadline / 1000) s"
        }
        return "\(path) had no ready instance after \(deadline / 1000) s; \(answer)"
    }
}

extension ControlOperation.Target {
    /// What was stored before operations waited for others' deployments says nothing of that.
    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        deployment = try members.decode(String.self, forKey: .deployment)
        isNew = try members.decode(Bool.self, forKey: .isNew)
        isAwaited = try members.decodeIfPresent(Bool.self, forKey: .isAwaited) ?? false
        deadline = try members.decode(Int64.self, forKey: .deadline)
        ready = try members.decode(Int.self, forKey: .ready)
        isDone = try members.decode(Bool.self, forKey: .isDone)
    }
}
