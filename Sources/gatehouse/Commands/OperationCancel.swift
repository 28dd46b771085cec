import ArgumentParser
import GatewayAPI

/// The command `gatehouse operations cancel`.
struct OperationCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "End the pull of a model before it is done; pulling it again goes on where it was.",
        discussion: """
            Other changes are stored before their operation begins, and cannot be cancelled: make another change. A pull that \
            waits for its turn is cancelled in the same way.
            """
    )

    @Argument(help: "The operation's id.") var operation: AccountName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try admin.connect()
        let url = "/api/v1/operations/\(operation.name)"
        var found: OperationResource = try await client.post("\(url)/cancel", Nothing())
        // One that runs ends as soon as it hears of it.
        while !found.isOver {
            try await Task.sleep(for: .milliseconds(250))
            found = try await client.get(url)
        }
        try output.show(found)
        if found.status == "Succeeded" { throw ClientError("the model was there before it could be cancelled") }
    }
}
