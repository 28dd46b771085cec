import ArgumentParser
import GatewayAPI

/// The command `gatehouse certs list`.
struct CertList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show served certificates and their expiry."
    )

    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let list: ResourceList<CertificateResource> = try await admin.connect().list("/api/v1/certificates")
        try output.show(list.value)
    }
}
