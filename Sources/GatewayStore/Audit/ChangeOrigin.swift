package import GatewayCore
import Synchronization

/// Who asks for a change, from where, and on what condition; travels with the task, so that every change of every route is
/// in the audit log without one that forgets to say so.
package struct ChangeOrigin: Sendable {
    /// What the gateway does by itself: rotation of keys, forgetting what is over.
    package static let gateway = ChangeOrigin(author: "gatehouse", address: "", request: "")

    @TaskLocal package static var current = ChangeOrigin.gateway

    /// The operator's label.
    package var author: String
    /// The client's address; empty for the gateway itself.
    package var address: String
    /// Method and path.
    package var request: String
    /// Whether the author owns the whole gateway, and may let a tenant's resources reach into it.
    package var isOwner: Bool
    /// What must hold when the change is made.
    package var condition: ChangeCondition?
    /// Whether the author may do what the change does to the configuration: asked in the transaction, so that nothing which
    /// came in between is overlooked, and of each change of a request.
    package var requirement: (@Sendable (_ before: Definitions, _ after: Definitions) throws(StoreError) -> Void)?
    /// Stored with the change, in one transaction.
    package var operation: ControlOperation?
    /// Told on the database's writer thread when the change is served: in the order of the changes.
    ///
    /// Must be quick. What changes nothing does not tell.
    package var served: (@Sendable () -> Void)?

    package init(author: String, address: String, request: String, isOwner: Bool = true) {
        self.author = author
        self.address = address
        self.request = request
        self.isOwner = isOwner
    }
}

/// `If-Match` and `If-None-Match` of one request: holds for its first change, and for all of them from then on.
package final class ChangeCondition: Sendable {
    package let resource: ResourceReference
    private let expected: Set<String>?
    private let mustBeNew: Bool
    private let settled = Mutex<Settlement?>(nil)

    private struct Settlement {
        let tag: String?
    }

    /// - Parameters:
    ///   - expected: tags of which the resource must have one; `*` = it must be there; `nil` = it may be as it will.
    ///   - mustBeNew: it must not be there.
    package init(_ resource: ResourceReference, expected: Set<String>?, mustBeNew: Bool) {
        self.resource = resource
        self.expected = expected
        self.mustBeNew = mustBeNew
    }

    /// - Parameter tag: of the resource as it is now; `nil` when it is not there.
    package func check(_ tag: String?) throws(StoreError) {
        guard settled.withLock({ $0 == nil }) else { return }
        if let expected, !expected.contains("*"), let tag, !expected.contains(tag) {
            throw .preconditionFailed(resource: resource.path, "has changed since; its tag is \(tag). Read it again")
        }
        if expected != nil, tag == nil {
            throw .preconditionFailed(resource: resource.path, "does not exist, and If-Match wants it to")
        }
        if mustBeNew, tag != nil {
            throw .preconditionFailed(resource: resource.path, "exists, and If-None-Match wants that it does not")
        }
    }

    /// The tag that the request's own change has given it; `nil` before one, and when it is gone.
    package var tag: String? { settled.withLock { $0?.tag } }

    /// The request's own changes have other tags.
    func settle(_ tag: String?) { settled.withLock { $0 = Settlement(tag: tag) } }
}
