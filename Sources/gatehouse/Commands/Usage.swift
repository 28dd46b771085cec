import ArgumentParser

/// The commands `gatehouse usage …`.
struct Usage: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Usage: requests, tokens and cost that were counted.",
        subcommands: [UsageShow.self]
    )
}
