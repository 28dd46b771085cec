import GatewayCore
import GatewayStore
import GatewayTokens

extension SnapshotCompiler {
    /// The compiler that this configuration asks for.
    init(
        _ configuration: Configuration,
        _ instances: InstanceRegistry = InstanceRegistry(),
        _ usage: UsageRegistry = UsageRegistry()
    ) throws {
        let plainHTTP = try PlainHTTPRule(configuration.httpIssuers)
        self.init(
            domain: configuration.domain,
            runtimeDirectory: configuration.runtimeDirectory,
            allowed: try NetworkList(configuration.allowedNetworks),
            secrets: SecretResolver(env: Set(configuration.secretVariables), files: Set(configuration.secretFiles)),
            instances: instances,
            access: AccessCompiler(
                usage: usage,
                privateNetworks: try NetworkList(configuration.privateNetworks),
                allowsPlainHTTP: { KeyLocation.fault(of: $0, plainHTTP: plainHTTP) == nil }
            ),
            tenantRule: TenantRule(networks: try configuration.tenantNetworks.mapValues { try NetworkList($0) })
        )
    }
}
