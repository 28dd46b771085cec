import ArgumentParser
import GatewayAPI

/// The command `gatehouse models verify`.
struct ModelVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read a model's file again and compare it with what was registered; fails when it is another."
    )

    @Argument(help: "tenant/model, tenant/model:version or tenant/model@latest") var model: ModelVersionName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let verdict: ModelVerificationResource = try await admin.connect().post("\(model.url)/verify", Nothing())
        try output.show(verdict)
        if let problem = verdict.problem { throw ClientError(problem) }
    }
}
