import ArgumentParser

/// The commands `gatehouse limits …`.
struct Limits: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Limits and quotas of tenants, endpoints and deployments.",
        subcommands: [LimitShow.self, LimitSet.self, LimitClear.self]
    )
}
