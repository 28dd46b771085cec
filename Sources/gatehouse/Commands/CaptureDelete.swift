import ArgumentParser
import GatewayAPI

/// The command `gatehouse captures delete`.
struct CaptureDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a sample: its row, its bytes, and its words in the index."
    )

    @OptionGroup var capture: CaptureArguments
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await admin.connect().delete(capture.url)
        try output.show(Removal(resource: "\(capture.tenant.name)/\(capture.number)"))
    }
}
