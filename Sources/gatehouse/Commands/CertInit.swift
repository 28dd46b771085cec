import ArgumentParser
import Foundation
import GatewayTLS

/// The command `gatehouse certs init`.
struct CertInit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a local certificate authority and a server certificate; what is still good is kept."
    )

    @Option(help: "Where the files go.") var directory = "certs"
    @Option(
        name: .customLong("name"),
        help: "A name or address of the gateway; may be given several times; else localhost, 127.0.0.1 and ::1."
    )
    var names: [String] = []
    @Flag(help: "Make a new server certificate even if the old one is good.") var force = false
    @OptionGroup var output: OutputOptions

    func run() throws {
        let names = names.isEmpty ? ["localhost", "127.0.0.1", "::1"] : names
        let made: LocalAuthority.Made
        do throws(TLSError) {
            made = try LocalAuthority.make(in: directory, names: names, force: force)
        } catch {
            throw ClientError(error)
        }
        try output.show(Files(made))
    }

    /// The files and whether they are new.
    private struct Files: Codable, TableRow {
        static let headings = ["authority", "certificate", "key", "names", "expires", "new"]
        let authority: String
        let certificate: String
        let key: String
        let names: [String]
        let notAfter: String
        let isNew: Bool

        init(_ made: LocalAuthority.Made) {
            authority = made.authority
            certificate = made.certificate
            key = made.key
            names = made.names
            notAfter = made.notAfter.formatted(.iso8601)
            isNew = made.isCertificateNew
        }

        var cells: [String] {
            [authority, certificate, key, names.joined(separator: " "), notAfter, isNew ? "yes" : "no, kept"]
        }
    }
}
