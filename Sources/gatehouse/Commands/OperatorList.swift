import ArgumentParser
import GatewayAPI

/// The command `gatehouse operators list`.
struct OperatorList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show the local accounts."
    )

    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let list: ResourceList<OperatorResource> = try await admin.connect().list("/api/v1/operators")
        try output.show(list.value)
    }
}
