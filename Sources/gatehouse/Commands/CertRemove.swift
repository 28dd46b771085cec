import ArgumentParser

/// The command `gatehouse certs remove`.
struct CertRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Stop serving a host name with a certificate that was added."
    )

    @Option(help: "The host name that was given to add.") var host: String
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await admin.connect().delete("/api/v1/certificates/\(host)")
        try output.show(Removal(resource: host))
    }
}
