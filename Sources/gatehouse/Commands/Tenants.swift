import ArgumentParser

/// The commands `gatehouse tenants …`.
struct Tenants: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tenants: the teams or customers that own endpoints.",
        subcommands: [TenantCreate.self, TenantList.self, TenantDelete.self]
    )
}
