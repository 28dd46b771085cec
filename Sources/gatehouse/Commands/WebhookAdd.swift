import ArgumentParser
import GatewayAPI

/// The command `gatehouse webhooks add`.
struct WebhookAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract:
            "Have a URL told of events; a new one is shown with its signing secret, one that is there is replaced."
    )

    @Argument(help: "tenant/webhook") var webhook: OwnedName
    @Option(help: "Where events are posted to.") var url: String
    @Option(
        name: .customLong("event"),
        help: """
            quota.threshold, key.expiring, key.expired, key.rotated, certificate.expiring, certificate.expired, instance.ejected or \
            instance.returned; may be given several times; left out, all.
            """
    )
    var events: [String] = []
    @Option(
        name: .customLong("header"),
        help: ArgumentHelp("A header to send along; may be given several times.", valueName: "name: value")
    )
    var headers: [String] = []
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let added: WebhookResource = try await admin.connect().put(webhook.url("webhooks"), resource())
        try output.show(added)
    }

    func resource() throws -> WebhookResource {
        var resource = WebhookResource(tenant: webhook.tenant, name: webhook.name, url: url, events: events)
        for header in headers {
            guard let colon = header.firstIndex(of: ":"), colon > header.startIndex else {
                throw ValidationError("--header \(header): write NAME: VALUE")
            }
            let value = header[header.index(after: colon)...].drop { $0 == " " }
            resource.headers[String(header[..<colon])] = String(value)
        }
        return resource
    }
}
