import ArgumentParser
import GatewayAPI
import GatewayCore

/// What a named key may do, on the command line.
struct KeyTermOptions: ParsableArguments {
    @Option(
        name: .customLong("endpoint"),
        help: "An endpoint that it opens; may be given several times; a new key opens all."
    )
    var endpoints: [String] = []
    @Option(
        name: .customLong("form"),
        help: "A URL form that it may use; may be given several times; a new key may use all."
    )
    var forms: [URLFormName] = []
    @Option(help: "When it expires: 90d, 2026-12-31; a new key never does.", transform: FutureTime.init)
    var expires: FutureTime?
    @Option(
        name: .customLong("network"),
        help: "A network that it may come from, e.g. 10.0.0.0/8; may be given several times."
    )
    var networks: [String] = []
    @OptionGroup var queue: QueueWeightOptions

    /// What was given replaces what is there.
    func change(_ key: inout NamedKeyResource) {
        if !endpoints.isEmpty { key.endpoints = endpoints }
        if !forms.isEmpty { key.forms = forms.map(\.rawValue) }
        if let expires { key.expiresAt = expires.text }
        if !networks.isEmpty { key.allowedNetworks = networks }
        if let weight = queue.queueWeight { key.queueWeight = weight }
    }
}

extension URLFormName: ExpressibleByArgument {}

/// Whose tokens a role is for, on the command line: exactly one.
struct HolderOptions: ParsableArguments {
    @Option(help: "The oid, else the sub, of a token.") var subject: String?
    @Option(help: "The appid or azp of a token: a client id.") var application: String?
    @Option(help: "One of a token's groups.") var group: String?
    @Option(help: "One of a token's roles.") var applicationRole: String?
    @Option(help: "One word of a token's scp.") var scope: String?
    @Option(help: "The xms_mirid of a managed identity.") var managedIdentity: String?

    func validate() throws {
        let given = [subject, application, group, applicationRole, scope, managedIdentity].compactMap(\.self)
        guard given.count == 1 else {
            throw ValidationError(
                "exactly one of --subject, --application, --group, --application-role, --scope, --managed-identity is needed"
            )
        }
    }

    func name(_ role: inout RoleResource) {
        role.subject = subject
        role.application = application
        role.group = group
        role.applicationRole = applicationRole
        role.scope = scope
        role.managedIdentity = managedIdentity
    }
}
