import ArgumentParser

/// The commands `gatehouse principals …`.
struct Principals: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Principals: programs that get tokens from the built-in issuer.",
        subcommands: [
            PrincipalCreate.self, PrincipalList.self, PrincipalSecrets.self, PrincipalDisable.self,
            PrincipalEnable.self, PrincipalDelete.self,
        ]
    )
}
