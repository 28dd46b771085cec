import ArgumentParser
import Curl
import Foundation
import GatewayStore
import GatewayTLS

/// The configuration file and what to change of it.
struct ConfigurationOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The gateway's configuration.", valueName: "file"))
    var config = "config/gatehouse.yaml"

    @Option(
        help: ArgumentHelp("A setting over the file's and the environment's, e.g. threads=2.", valueName: "name=value")
    )
    var set: [String] = []

    /// The file, then `GATEHOUSE_…` variables, then `--set`.
    func load() throws -> Configuration {
        var flags: [String: String] = [:]
        for text in set {
            guard let equals = text.firstIndex(of: "=") else {
                throw ValidationError("--set \(text): write NAME=VALUE")
            }
            flags[String(text[..<equals])] = String(text[text.index(after: equals)...])
        }
        return try Configuration.load(path: config, environment: ProcessInfo.processInfo.environment, flags: flags)
    }
}

/// Where the gateway is and how to get in; on the same machine all of it is found through the configuration.
struct AdminOptions: ParsableArguments {
    @OptionGroup var configuration: ConfigurationOptions

    @Option(help: "The admin API's URL; by default that of the configuration.")
    var server: String?

    @Option(help: ArgumentHelp("PEM file of the CA that signed the gateway's certificate.", valueName: "file"))
    var ca: String?

    @Option(help: "The operator token; by default GATEHOUSE_TOKEN, then operator.token beside the store.")
    var token: String?

    func connect() throws -> AdminClient {
        let given = token ?? ProcessInfo.processInfo.environment["GATEHOUSE_TOKEN"]
        if let server {
            guard let given else { throw ClientError("--server needs --token or GATEHOUSE_TOKEN") }
            return AdminClient(server: try Self.base(server), token: given, authority: authority(nil))
        }
        let local = try configuration.load()
        return AdminClient(
            server: local.admin.localURL,
            token: try given ?? local.operatorToken(),
            authority: authority(local.localAuthority)
        )
    }

    private func authority(_ found: String?) -> CurlRequest.CertificateAuthority {
        (ca ?? found).map { .file($0) } ?? .system
    }

    private static func base(_ text: String) throws -> String {
        let url = text.contains("://") ? text : "https://\(text)"
        guard url.hasPrefix("https://") else {
            throw ClientError("--server \(text): the admin API is only on https://")
        }
        return url.hasSuffix("/") ? String(url.dropLast()) : url
    }
}

extension Configuration {
    /// Made beside the store by the first start.
    func operatorToken() throws -> String {
        let path = OperatorToken.path(beside: store)
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw ClientError(
                "\(path) cannot be read",
                details: ["it is made by the first gatehouse serve and readable by its user only; or give --token"]
            )
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// What `gatehouse certs init` puts beside the server certificate.
    var localAuthority: String? {
        guard let certificate = certificates.first?.certificate else { return nil }
        let path = URL(fileURLWithPath: certificate).deletingLastPathComponent().appendingPathComponent("ca.pem").path
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }
}
