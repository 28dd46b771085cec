import Synchronization

/// What admission decided about one request.
///
/// A class, so that handing it on costs one retain instead of a dozen.
package final class Plan: Sendable {
    package let endpoint: Endpoint
    package let caller: Caller
    /// Of the endpoint's tenant.
    package let tenantWeight: Int
    package let dialect: Dialect
    /// Whether the URL is a scoring URL, whose errors have Azure's own statuses (DESIGN §3).
    package let isScoring: Bool
    /// What led the request to its deployment: says who else may answer.
    package let choice: Choice
    /// Who gets copies of the request.
    package let mirrors: [MirrorTarget]
    package let deployment: Deployment
    /// Where a place is held; of a plan that waits for one: any.
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
    /// Why another deployment than the first answers.
    package let fallback: FallbackReason?
    /// The next of the endpoint's fallback chain to try.
    let nextFallback: Int
    /// The deployment that should have answered.
    let origin: Deployment
    /// What the path is made from when the plan moves: deployments may lead it elsewhere.
    let request: UpstreamRequest
    private let holdsPlace: Atomic<Bool>

    /// Where a request goes.
    struct Seat {
        let deployment: Deployment
        let instance: Instance
        /// Whether a place at the instance was taken for it.
        let isTaken: Bool
        var fallback: FallbackReason?
        var nextFallback = 0
    }

    /// - Parameter call: borrowed, for an initialiser would otherwise copy all of it first.
    init(_ call: borrowing AdmittedCall, _ seat: Seat, origin: Deployment, permit: Permit?) {
        endpoint = call.endpoint
        caller = call.caller
        tenantWeight = call.tenant.queueWeight
        dialect = call.dialect
        request = call.request
        isScoring = call.request.isScoring
        choice = call.choice
        mirrors = call.mirrors
        deployment = seat.deployment
        instance = seat.instance
        fallback = seat.fallback
        nextFallback = seat.nextFallback
        self.origin = origin
        path = call.request.path(on: seat.deployment)
        query = call.request.query
        usage = call.request.usage(on: seat.deployment)
        fields = call.fields
        self.permit = permit
        holdsPlace = Atomic(seat.isTaken)
    }

    private init(_ other: Plan, _ seat: Seat, permit: Permit?) {
        endpoint = other.endpoint
        caller = other.caller
        tenantWeight = other.tenantWeight
        dialect = other.dialect
        request = other.request
        isScoring = other.isScoring
        choice = other.choice
        mirrors = other.mirrors
        deployment = seat.deployment
        instance = seat.instance
        fallback = seat.fallback
        nextFallback = seat.nextFallback
        origin = other.origin
        path = other.request.path(on: seat.deployment)
        query = other.query
        usage = other.request.usage(on: seat.deployment)
        fields = other.fields
        self.permit = permit
        holdsPlace = Atomic(seat.isTaken)
    }

    /// A plan that was thrown away holds no place.
    deinit { leave(at: nil) }

    /// Whether the caller named the deployment: then no other may answer.
    package var isPinned: Bool { choice.reason == .pinned }

    /// Whether the gateway must ask the upstream for usage, and take the extra event out of the stream again.
    package var asksForUsage: Bool {
        guard usage == .openAI, let fields else { return false }
        return fields.isStreamed && !fields.includesUsage
    }

    /// The `model` that the body has to name on its way; `nil` where the body stays as it is: it was read only for another
    /// deployment, which might have answered, or the upstream takes the caller's.
    package var bodyModel: String? { usage != nil || request.isRoutedByBody ? deployment.upstreamModel : nil }

    /// Whether another deployment may still answer in the place of this one.
    package var canFallBack: Bool { !substitutes.isEmpty }

    /// The deployments that may still answer in the place of this one, in order.
    var substitutes: [Deployment] {
        guard let chain = endpoint.fallback?.chain else { return [] }
        return chain.dropFirst(nextFallback).filter {
            $0 !== deployment && $0 !== origin && endpoint.mayFallBack(to: $0, from: choice)
        }
    }

    /// The endpoint's other deployments that may answer when the deployment's instances cannot be reached.
    var alternatives: [Deployment] {
        guard !isPinned, endpoint.fallback == nil else { return [] }
        return endpoint.deployments.enumerated()
            .filter { $1 !== deployment && endpoint.mayServe($0, insteadOf: choice) }
            .map(\.element)
    }

    /// Places of each of the deployment's workers that it leaves free, as it is a guest there.
    var reserve: Int { fallback == nil ? 0 : endpoint.reserve(of: deployment) }

    /// The same plan at the instance where a place was taken for it.
    package func seated(at instance: Instance) -> Plan {
        let seat = Seat(
            deployment: deployment,
            instance: instance,
            isTaken: true,
            fallback: fallback,
            nextFallback: nextFallback
        )
        return Plan(self, seat, permit: permit)
    }

    /// The same plan with its limits reserved anew; it has the place from now on.
    func holding(_ permit: Permit?) -> Plan {
        let seat = Seat(
            deployment: deployment,
            instance: instance,
            isTaken: holdsPlace.exchange(false, ordering: .relaxed),
            fallback: fallback,
            nextFallback: nextFallback
        )
        return Plan(self, seat, permit: permit)
    }

    /// The plan of a copy of the request, without limits; `nil` when no instance of the target has a place for it.
    package func mirrored(to target: MirrorTarget) -> Plan? {
        let deployment = target.deployment
        // A copy overtakes nobody who waits, and is no trial: nobody judges by its answer.
        guard deployment.capacity.limit == nil || deployment.queue.isEmpty,
            case .taken(let instance) = deployment.take(at: nil)
        else { return nil }
        return Plan(self, Seat(deployment: deployment, instance: instance, isTaken: true), permit: nil)
    }

    /// Gives the place at the instance back, once; the next in the queue has it.
    ///
    /// - Parameters:
    ///   - begun: when the request was sent to the instance.
    ///   - now: nanoseconds of the monotonic clock.
    package func leave(begun: Int64? = nil, at now: Int64?) {
        guard holdsPlace.exchange(false, ordering: .relaxed) else { return }
        instance.leave(begun: begun, at: now)
    }
}

/// A request that was let in, before it is known where it goes.
struct AdmittedCall {
    let tenant: Tenant
    let endpoint: Endpoint
    let caller: Caller
    let request: UpstreamRequest
    let dialect: Dialect
    let choice: Choice
    let mirrors: [MirrorTarget]
    let fields: BodyFields?
    let head: RequestHead

    func scopes(_ deployment: Deployment) -> UsageScopes {
        UsageScopes(
            tenant: tenant.usage,
            endpoint: endpoint.usage,
            deployment: deployment.usage,
            caller: caller.usage
        )
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
    /// Every instance has as many requests as it may: wait in the deployment's queue for the plan's place.
    case queue(Plan)
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
