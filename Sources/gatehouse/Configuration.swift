import GatewayAPI
import GatewayAdmin
import GatewayStore
import GatewayTLS
import GatewayWorkers

/// What a start needs, as `config/gatehouse.yaml` says it; everything that a tenant can change lives in the store.
struct Configuration: Sendable, Equatable {
    /// Loopback and the ranges that nobody routes.
    static let privateRanges = [
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7",
    ]

    /// The listener of applications.
    var gateway = ListenAddress(host: "0.0.0.0", port: 8443)
    /// The listener of operators.
    var admin = ListenAddress(host: "127.0.0.1", port: 8444)
    /// What scoring URIs begin with, when it was set; `publicURL` has the default.
    var publicName: String?
    /// The domain of the host form of URLs; `nil` turns it off.
    var domain: String?
    /// Who may call endpoints with `public_network_access: disabled`.
    var privateNetworks = Configuration.privateRanges
    /// The first is the default certificate.
    var certificates: [CertificateFiles] = []
    /// Event loops; `nil` = one per core.
    var threads: Int?
    var store = "var/gatehouse.db"
    /// Where uploaded and pulled files lie, one folder per tenant.
    var models = "var/models"
    /// How models are pulled.
    var pulls = ModelSettings()
    /// How long captures are kept, and how much of them.
    var captures = CaptureRetention()
    /// Where they are exported to as they come.
    var export = ExportSettings()
    /// Where traces go, and which.
    var traces = TraceSettings()
    /// Unix sockets of the workers.
    var runtimeDirectory = "var/run"
    /// What workers may be put on.
    var devices = DevicePolicy.auto
    /// Where the engine's loadable backends are; `nil`: beside the engine.
    var backends: String?
    /// How long a step of a worker's engine may take before it is taken to hang; `nil`: the worker's own bound.
    var stepLimit: Duration?
    /// What an instance costs per hour, by `instance_type`.
    var instancePrices: [String: Money] = [:]
    /// Private ranges that deployments may use; link-local and metadata addresses never are.
    var allowedNetworks = Configuration.privateRanges
    /// Those that a tenant's own operators may name, by tenant.
    var tenantNetworks: [String: [String]] = [:]
    /// What serves deployments whose clients cannot say it.
    var runtimes: [RuntimeTable.Entry] = []
    /// Addresses, with or without a port, whose keys and discovery documents may be read over plain http.
    var httpIssuers: [String] = []
    /// Environment variables that `${env:NAME}` in upstream headers may read.
    var secretVariables: [String] = []
    /// Files, or folders of files, that `${file:PATH}` in upstream headers may read.
    var secretFiles: [String] = []

    /// `https://host[:port]` without a slash at the end.
    var publicURL: String { publicName ?? "https://localhost:\(gateway.port)" }
}

/// A host and a port to listen on.
struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
    var host: String
    var port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port` or `[address]:port`.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]) else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, (0...65535).contains(port), !host.contains("/") else { return nil }
        self.init(host: String(host), port: port)
    }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// How a program on the same machine reaches it.
    var localURL: String {
        switch host {
        case "0.0.0.0": "https://127.0.0.1:\(port)"
        case "::": "https://[::1]:\(port)"
        default: "https://\(self)"
        }
    }
}
