import ArgumentParser
import Foundation
import GatewayAPI

/// The command `gatehouse models register`.
struct ModelRegister: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register",
        abstract: "Register a model's file; the same file again changes nothing.",
        discussion:
            "The gateway reads the file for its checksum: the path is on its machine, wherever this command runs."
    )

    @Argument(help: "tenant/model") var model: ModelName
    @Option(help: "The GGUF file on the gateway's machine; a relative path starts from your folder.")
    var path: String
    @Option(help: "By default the next number.") var version: String?
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let resource = ModelResource(
            name: model.name,
            version: version,
            path: URL(fileURLWithPath: path).standardizedFileURL.path
        )
        let registered: ModelResource = try await admin.connect().post(model.url, resource)
        try output.show(registered)
    }
}
