import GatewayAPI
import GatewayCore
import GatewayStore

extension DeploymentResource {
    /// As its client sent it, with the reason why nothing serves it.
    init(_ unserved: UnservedDeployment) {
        var definition = DeploymentDefinition(
            tenant: unserved.tenant,
            endpoint: unserved.endpoint,
            name: unserved.name,
            serving: .upstream(UpstreamDefinition(urls: []))
        )
        if let kept = AzureBody.read(unserved.body), let asked = try? AzureDeployment(kept) { definition.take(asked) }
        self.init(definition)
        upstream = nil
        provisioningState = ControlOperation.State.failed.rawValue
        failure = unserved.failure
        isReady = false
        instances = []
    }
}
