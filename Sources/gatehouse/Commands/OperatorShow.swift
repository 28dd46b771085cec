import ArgumentParser
import GatewayAPI

/// The command `gatehouse operators show`.
struct OperatorShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one local account; without a name, who the commands act as."
    )

    @Argument(help: "The operator's name.") var account: AccountName?
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try admin.connect()
        if let account { return try output.show(try await client.get(account.url, as: OperatorResource.self)) }
        try output.show(try await client.get("/api/v1/me", as: IdentityResource.self))
    }
}
