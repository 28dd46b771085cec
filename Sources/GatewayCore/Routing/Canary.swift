/// A compiled canary: which requests it takes, and to which deployment.
struct Canary: Sendable {
    /// Index into the endpoint's deployments.
    let deployment: Int
    private let condition: CanaryDefinition.Condition
    private let salt: StableHash

    /// - Parameter endpoint: `tenant/endpoint`.
    init(_ definition: CanaryDefinition, deployment: Int, endpoint: String) {
        self.deployment = deployment
        condition = definition.condition
        var salt = StableHash("canary")
        salt.add(endpoint)
        salt.add(definition.deployment)
        self.salt = salt
    }

    /// - Parameters:
    ///   - caller: whom the request is from; `nil` is in no share of callers.
    ///   - header: the request's first header of a name.
    func takes(_ caller: String?, header: (String) -> String?) -> Bool {
        switch condition {
        case .header(let name, let value):
            guard let found = header(name) else { return false }
            return value == nil || found == value
        case .callers(let percent):
            guard let caller else { return false }
            var hash = salt
            hash.add(caller)
            // A share that grows keeps the callers that it has.
            return hash.value % 10_000 < UInt64(percent * 100)
        }
    }
}
