/// What one caller used of one deployment in a quarter of an hour; the store adds receipts up to these.
///
/// Only exchanges that were answered count, as in quotas.
package struct UsageRow: Sendable, Equatable {
    /// Seconds since 1970, a multiple of 900.
    package var bucketStart: Int64
    package var tenant: String
    package var endpoint: String
    package var deployment: String
    package var caller: String
    package var requests: Int64
    package var inputTokens: Int64
    package var outputTokens: Int64
    /// Millionths of the currency.
    package var cost: Int64

    package init(
        bucketStart: Int64,
        tenant: String,
        endpoint: String,
        deployment: String,
        caller: String,
        requests: Int64,
        inputTokens: Int64,
        outputTokens: Int64,
        cost: Int64
    ) {
        self.bucketStart = bucketStart
        self.tenant = tenant
        self.endpoint = endpoint
        self.deployment = deployment
        self.caller = caller
        self.requests = requests
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.cost = cost
    }

    func counts(for subject: UsageSubject) -> Bool {
        switch subject {
        case .tenant(let tenant): self.tenant == tenant
        case .endpoint(let tenant, let endpoint): self.tenant == tenant && self.endpoint == endpoint
        case .deployment(let tenant, let endpoint, let deployment):
            self.tenant == tenant && self.endpoint == endpoint && self.deployment == deployment
        case .caller(let tenant, let label): self.tenant == tenant && caller == label
        }
    }

    func amount(of measure: QuotaRule.Measure) -> Int64 {
        switch measure {
        case .requests: requests
        case .tokens: (Int128(max(0, inputTokens)) + Int128(max(0, outputTokens))).clamped
        case .cost: cost
        }
    }
}
