package import GatewayAPI
package import GatewayCore
package import GatewayStore
package import GatewayTLS

/// What the routes work on: the store, the receipts, the served certificates and what is known of readiness.
package struct ControlPlane: Sendable {
    /// What is asked of modules that this one does not know.
    package struct Collaborators: Sendable {
        /// The state of a subject's limits and quotas right now; empty when it has none.
        let limitStatus: @Sendable (_ subject: UsageSubject) async -> [LimitStateResource]
        /// Sends `webhook.test` to one webhook of a tenant.
        let webhookTest: @Sendable (_ tenant: String, _ name: String) async throws -> WebhookAnswer
        /// The delivery log of one webhook, the newest first.
        let webhookDeliveries: @Sendable (_ tenant: String, _ name: String) async throws -> [WebhookDelivery]
        /// The built-in issuer: discovery, keys and the token endpoint.
        let issuer: @Sendable (_ request: IssuerHTTPRequest) async -> IssuerHTTPAnswer
        /// The instances of `tenant/endpoint/deployment` as they are now.
        let instances: @Sendable (_ deployment: String) -> [InstanceResource]
        /// The workers of `tenant/endpoint/deployment` as a whole; `nil` where it has none.
        let pool: @Sendable (_ deployment: String) -> PoolResource?
        /// Starts a worker of `tenant/endpoint/deployment` where none runs.
        let warm: @Sendable (_ deployment: String) async throws -> Void
        /// The machine's devices, and the workers on them.
        let devices: @Sendable () async -> DevicesResource
        /// What an instance of a type costs per hour, where that is known.
        let pricePerHour: @Sendable (_ instanceType: String) -> Money?
        /// The last lines of a deployment's log, the oldest first.
        let deploymentLogs: @Sendable (_ deployment: String, _ instance: Int?, _ tail: Int) async -> [LogLineResource]
        /// Everything that is counted and measured.
        let metrics: @Sendable () -> [MetricFamily]
        /// Whose token this is; `nil` when it is not genuine, of nobody whom a tenant trusts, or for something else.
        let verify: @Sendable (_ token: String) async -> VerifiedToken?

        package init(
            limitStatus: @escaping @Sendable (_ subject: UsageSubject) async -> [LimitStateResource],
            webhookTest: @escaping @Sendable (_ tenant: String, _ name: String) async throws -> WebhookAnswer,
            webhookDeliveries:
                @escaping @Sendable (_ tenant: String, _ name: String) async throws
                -> [WebhookDelivery],
            issuer: @escaping @Sendable (_ request: IssuerHTTPRequest) async -> IssuerHTTPAnswer,
            instances: @escaping @Sendable (_ deployment: String) -> [InstanceResource] = { _ in [] },
            pool: @escaping @Sendable (_ deployment: String) -> PoolResource? = { _ in nil },
            warm: @escaping @Sendable (_ deployment: String) async throws -> Void = { _ in },
            devices: @escaping @Sendable () async -> DevicesResource = { DevicesResource(policy: "auto") },
            pricePerHour: @escaping @Sendable (_ instanceType: String) -> Money? = { _ in nil },
            deploymentLogs:
                @escaping @Sendable (_ deployment: String, _ instance: Int?, _ tail: Int) async -> [LogLineResource] = {
                    _,
                    _,
                    _ in
                    []
                },
            metrics: @escaping @Sendable () -> [MetricFamily] = { [] },
            verify: @escaping @Sendable (_ token: String) async -> VerifiedToken?
        ) {
            self.limitStatus = limitStatus
            self.webhookTest = webhookTest
            self.webhookDeliveries = webhookDeliveries
            self.issuer = issuer
            self.instances = instances
            self.pool = pool
            self.warm = warm
            self.devices = devices
            self.pricePerHour = pricePerHour
            self.deploymentLogs = deploymentLogs
            self.metrics = metrics
            self.verify = verify
        }
    }

    let store: Store
    /// Where usage is counted.
    let receipts: ReceiptStore
    let captures: CaptureStore
    let certificates: CertificateStore
    /// What scoring URIs begin with, without a slash at the end.
    let publicURL: String
    let operatorToken: String
    /// What is known of the instances of `tenant/endpoint/deployment`; `nil` when it is not served.
    let readiness: @Sendable (_ deployment: String) -> DeploymentReadiness?
    /// Long changes, and how they stand.
    package let operations: Operations
    let collaborators: Collaborators
    let azure: AzureDialect
    /// Models that are being fetched.
    let pulls: ModelPulls
    package let comparisons: Comparisons

    package init(
        store: Store,
        receipts: ReceiptStore,
        captures: CaptureStore,
        certificates: CertificateStore,
        publicURL: String,
        operatorToken: String,
        readiness: @escaping @Sendable (_ deployment: String) -> DeploymentReadiness?,
        operations: Operations,
        collaborators: Collaborators,
        azure: AzureDialect,
        pulls: ModelPulls,
        comparisons: Comparisons
    ) {
        self.store = store
        self.receipts = receipts
        self.captures = captures
        self.certificates = certificates
        self.publicURL = publicURL
        self.operatorToken = operatorToken
        self.readiness = readiness
        self.operations = operations
        self.collaborators = collaborators
        self.azure = azure
        self.pulls = pulls
        self.comparisons = comparisons
    }

    /// Whether a deployment has an instance that can take requests now.
    func isReady(_ deployment: String) -> Bool { (readiness(deployment)?.ready ?? 0) > 0 }
}
