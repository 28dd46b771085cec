import ArgumentParser
import Curl
import Foundation
import GatewayStore
import GatewayTLS

/// The configuration file and what to change of it.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp("The gateway's configuration; by default config/gatehouse.yaml.", valueName: "file")
    )
    var file: String?

    var config: String { file ?? "config/gatehouse.yaml" }

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

    @Option(help: "The admin API's URL; needs a token. By default the context's, else the configuration's.")
    var server: String?

    @Option(help: "One of gatehouse context list; by default the one in use, unless --config is given.")
    var context: String?

    @Option(help: ArgumentHelp("PEM file of the CA that signed the gateway's certificate.", valueName: "file"))
    var ca: String?

    @Option(help: "An operator's token; else GATEHOUSE_TOKEN, the context's, or operator.token beside the store.")
    var token: String?

    /// The flags, else a context, else what the configuration of this machine says.
    ///
    /// - Parameter needsToken: false for what is open to everybody.
    func connect(needsToken: Bool = true) throws -> AdminClient {
        let given = token ?? ProcessInfo.processInfo.environment["GATEHOUSE_TOKEN"]
        if let server {
            guard let token = given ?? (needsToken ? nil : "") else {
                throw ClientError("--server needs --token or GATEHOUSE_TOKEN")
            }
            return AdminClient(server: try Self.base(server), token: token, authority: authority(nil))
        }
        if let context = try chosenContext() {
            guard let token = given ?? context.token ?? (needsToken ? nil : "") else {
                throw ClientError("the context \(context.name) has no token", details: ["run: gatehouse login NAME"])
            }
            return AdminClient(server: context.server, token: token, authority: authority(context.ca))
        }
        let local = try configuration.load()
        return AdminClient(
            server: local.admin.localURL,
            token: try given ?? (needsToken ? local.operatorToken() : ""),
            authority: authority(local.localAuthority)
        )
    }

    /// The context that is named, or the one in use; `nil` where a server or a configuration is named instead.
    func chosenContext() throws -> Context? {
        guard server == nil else { return nil }
        if context == nil, configuration.file != nil { return nil }
        let book = try ContextBook.load(ContextBook.path(ProcessInfo.processInfo.environment))
        return try context.map { try book.find($0) } ?? book.used
    }

    private func authority(_ found: String?) -> CurlRequest.CertificateAuthority {
        (ca ?? found).map { .file($0) } ?? .system
    }

    static func base(_ text: String) throws -> String {
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
