import ArgumentParser
import GatewayAPI

/// The command `gatehouse operations show`.
struct OperationShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one long change with every step."
    )

    @Argument(help: "The operation's id.") var operation: AccountName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let found: OperationResource = try await admin.connect().get("/api/v1/operations/\(operation.name)")
        try output.show(found)
        guard output.output == .table else { return }
        print()
        try output.show(found.steps)
    }
}
