import ArgumentParser
import GatewayAPI

/// The command `gatehouse roles assign`.
struct RoleAssign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assign",
        abstract: "Say that tokens of some holder have a role; an assignment of that name is replaced."
    )

    @Argument(help: "tenant/assignment: a name of your choice") var assignment: OwnedName
    @Option(
        help: """
            invoke: call endpoints; token: ask for aml_tokens of endpoints; owner, admin, deployer, key-admin, reviewer, \
            monitor: use the admin API.
            """
    )
    var role: Grant
    @OptionGroup var holder: HolderOptions
    @Option(help: "The trusted issuer that must have issued the token, or built-in; left out, any.") var issuer: String?
    @Option(name: .customLong("endpoint"), help: "An endpoint; may be given several times; left out, all.")
    var endpoints: [String] = []
    @Option(
        name: .customLong("proof"),
        help: "How the client must have proved itself: public, secret or certificate; may be given several times."
    )
    var proofs: [Proof] = []
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        var resource = RoleResource(tenant: assignment.tenant, name: assignment.name, role: role.rawValue)
        holder.name(&resource)
        resource.issuer = issuer
        resource.endpoints = endpoints.isEmpty ? nil : endpoints
        resource.proofs = proofs.map(\.rawValue)
        let assigned: RoleResource = try await admin.connect().put(assignment.url("roles"), resource)
        try output.show(assigned)
    }

    /// What can be assigned.
    enum Grant: String, ExpressibleByArgument, CaseIterable {
        case invoke
        case token
        case owner
        case admin
        case deployer
        case keyAdmin = "key-admin"
        case reviewer
        case monitor
    }

    /// How a client proved itself to its issuer.
    enum Proof: String, ExpressibleByArgument, CaseIterable {
        case `public`
        case secret
        case certificate
    }
}
