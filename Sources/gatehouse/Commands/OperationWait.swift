import ArgumentParser
import GatewayAPI

/// The command `gatehouse operations wait`.
struct OperationWait: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Wait until a long change is over, and tell its steps."
    )

    @Argument(help: "The operation's id.") var operation: AccountName
    @OptionGroup var wait: WaitOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try admin.connect()
        try await wait.follow(operation.name, client)
        try output.show(try await client.get("/api/v1/operations/\(operation.name)", as: OperationResource.self))
    }
}
