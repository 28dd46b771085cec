import ArgumentParser

/// The commands `gatehouse roles …`.
struct Roles: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Roles: which tokens may do what.",
        subcommands: [RoleAssign.self, RoleList.self, RoleRemove.self]
    )
}
