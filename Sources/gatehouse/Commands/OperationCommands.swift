import ArgumentParser

/// The commands `gatehouse operations …`.
struct OperationCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "operations",
        abstract: "Long changes, and how they stand.",
        subcommands: [OperationList.self, OperationShow.self, OperationWait.self, OperationCancel.self]
    )
}
