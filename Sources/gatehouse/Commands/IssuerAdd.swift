import ArgumentParser
import GatewayAPI

/// The command `gatehouse issuers add`.
struct IssuerAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Trust the tokens of an issuer; one that is there is replaced."
    )

    @Argument(help: "tenant/issuer") var issuer: OwnedName
    @Option(help: "The id of an Entra directory: sets what is needed for its v1 and v2 tokens.") var entra: String?
    @Option(name: .customLong("iss"), help: "An exact value of iss; may be given several times.") var issuers:
        [String] = []
    @Option(name: .customLong("audience"), help: "An exact value of aud; may be given several times.")
    var audiences: [String]
    @Option(help: "What tid must be.") var directoryID: String?
    @Option(help: "The OpenID discovery document.") var discoveryURL: String?
    @Option(help: "The JSON Web Key Set, instead of the discovery document's.") var keysURL: String?
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let added: IssuerResource = try await admin.connect().put(issuer.url("issuers"), resource)
        try output.show(added)
    }

    func validate() throws {
        if entra == nil, issuers.isEmpty { throw ValidationError("--entra or --iss is needed") }
        if entra == nil, discoveryURL == nil, keysURL == nil {
            throw ValidationError("--discovery-url or --keys-url is needed")
        }
    }

    /// Entra's own two forms of `iss`, and the document that has the keys of both.
    var resource: IssuerResource {
        let forms = entra.map { ["https://sts.windows.net/\($0)/", "https://login.microsoftonline.com/\($0)/v2.0"] }
        let document = entra.map {
            "https://login.microsoftonline.com/\($0)/v2.0/.well-known/openid-configuration"
        }
        return IssuerResource(
            tenant: issuer.tenant,
            name: issuer.name,
            issuers: (forms ?? []) + issuers,
            audiences: audiences,
            directoryId: directoryID ?? entra,
            discoveryUrl: discoveryURL ?? (keysURL == nil ? document : nil),
            keysUrl: keysURL
        )
    }
}
