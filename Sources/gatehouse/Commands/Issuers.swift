import ArgumentParser

/// The commands `gatehouse issuers …`.
struct Issuers: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Issuers: whose tokens a tenant trusts, such as Entra.",
        subcommands: [IssuerAdd.self, IssuerList.self, IssuerRemove.self]
    )
}
