import ArgumentParser
import Foundation
import GatewayAPI

/// The command `gatehouse certs add`.
struct CertAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Serve a host name with a certificate, at once and after every restart."
    )

    @Option(help: "The host name, or *.example.org.") var host: String
    @Option(help: "PEM file with the chain, on the gateway's machine; a relative path starts from your folder.")
    var certificate: String
    @Option(help: "PEM file with the key, on the gateway's machine; a relative path starts from your folder.")
    var key: String
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let request = CertificateRequest(
            host: host,
            certificate: URL(fileURLWithPath: certificate).standardizedFileURL.path,
            key: URL(fileURLWithPath: key).standardizedFileURL.path
        )
        let added: CertificateResource = try await admin.connect().post("/api/v1/certificates", request)
        try output.show(added)
    }
}
