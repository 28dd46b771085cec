import ArgumentParser

/// The commands `gatehouse context …`.
struct Contexts: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "context",
        abstract: "The gateways that you work with, from this machine or another.",
        subcommands: [ContextAdd.self, ContextUse.self, ContextList.self, ContextRemove.self]
    )
}
