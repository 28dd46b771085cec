import ArgumentParser

/// The commands `gatehouse tenants …`.
struct Tenants: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tenants: the teams or customers that own endpoints.",
        subcommands: [
            TenantCreate.self, TenantList.self, TenantShow.self, TenantUpdate.self, TenantSuspend.self,
            TenantResume.self, TenantDelete.self,
        ]
    )
}
