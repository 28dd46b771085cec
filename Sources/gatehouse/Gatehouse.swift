import ArgumentParser

// The executable: the command line, and `Composition.swift`, which builds the running gateway out of all modules.

/// The command line of the gateway.
@main
struct Gatehouse: AsyncParsableCommand {
    static let release = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "gatehouse",
        abstract: "A self-hosted gateway in front of model endpoints.",
        version: release,
        subcommands: [
            Serve.self, Check.self, Apply.self, Tenants.self, Endpoints.self, Deployments.self, Models.self,
            DeviceList.self, Keys.self, Principals.self, Issuers.self, Roles.self, Limits.self, Usage.self,
            Webhooks.self, Certs.self, Operators.self, Login.self, Contexts.self, Audit.self, Captures.self,
            OperationCommands.self, Version.self,
        ]
    )
}
