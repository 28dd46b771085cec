import ArgumentParser
import GatewayAPI

/// The command `gatehouse models show`.
struct ModelShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a model with what its file says of itself."
    )

    @Argument(help: "tenant/model, tenant/model:version or tenant/model@latest") var model: ModelVersionName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let found: ModelResource = try await admin.connect().get(model.url)
        guard output.output == .table else { return try output.write(found) }
        try output.show(ModelDescription(found))
    }
}
