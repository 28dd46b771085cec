import ArgumentParser

/// The commands `gatehouse principals secrets …`.
struct PrincipalSecrets: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secrets",
        abstract: "A principal's secrets: several may be good at once.",
        subcommands: [PrincipalSecretAdd.self, PrincipalSecretRemove.self]
    )
}
