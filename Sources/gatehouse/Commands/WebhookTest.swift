import ArgumentParser
import GatewayAPI

/// The command `gatehouse webhooks test`.
struct WebhookTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Send an event webhook.test now and say what was answered."
    )

    @Argument(help: "tenant/webhook") var webhook: OwnedName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let answer: WebhookTestResource = try await admin.connect().post("\(webhook.url("webhooks"))/test", Nothing())
        try output.show(answer)
        if !answer.delivered { throw ExitCode.failure }
    }
}
