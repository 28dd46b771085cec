import Hummingbird
import NIOCore

/// What Hummingbird carries with one admin request.
struct AdminRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The client's.
    let address: String?
    /// Who asks, once that is known.
    var `operator`: Operator?

    init(source: Source) {
        coreContext = .init(source: source)
        address = source.channel.remoteAddress?.ipAddress
    }

    var maxUploadSize: Int { JSONBody.limit }

    /// - Throws: unauthorized; no route is reached without an operator, and none works without one.
    func requireOperator() throws(APIError) -> Operator {
        guard let found = self.operator else { throw APIError(.unauthorized, "an operator's credential is needed") }
        return found
    }

    /// A name in the URL.
    func name(_ parameter: String) throws -> String { try parameters.require(parameter) }

    /// A name in the URL, when the body says the same or nothing.
    func name(_ parameter: String, matching given: String, member: String) throws -> String {
        let name = try name(parameter)
        guard given.isEmpty || given == name else {
            throw APIError(
                .invalid,
                "the body says \(given.debugDescription), the URL \(name.debugDescription)",
                target: member
            )
        }
        return name
    }
}
