import GatewayCore
import GatewayStore

/// A refusal without what is wrong with tenants that its operator may not read; the log has that.
struct HiddenProblems: Error {
    let shown: APIError
    let hidden: [Problem]
}

extension Operator {
    /// What the operator may be told of an error.
    func mayLearn(_ error: any Error, of store: Store) -> any Error {
        guard case .invalid(let problems)? = error as? StoreError else { return error }
        let foreign = Set(store.tenants().map(\.name).filter { !may(.read, in: $0) })
        let hidden = problems.filter { foreign.contains($0.tenant) }
        guard !hidden.isEmpty else { return error }
        let shown = problems.filter { !foreign.contains($0.tenant) }
        let reason =
            "this does not go together with another tenant's configuration: a name may be taken, or a file unreadable; "
            + "the gateway's log says more"
        let known = shown.isEmpty ? nil : APIError(StoreError.invalid(shown) as any Error)
        return HiddenProblems(shown: known ?? APIError(.conflict, reason), hidden: hidden)
    }
}

extension Problem {
    fileprivate var tenant: String { String(resource.prefix { $0 != "/" }) }
}
