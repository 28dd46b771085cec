import Crypto
package import GatewayCore

/// One worker process that a native deployment wants, and the socket where it is expected.
package struct NativeInstance: Sendable, Equatable {
    /// `tenant/endpoint/deployment`.
    package let resource: String
    package let modelPath: String
    /// `name:version`.
    package let modelLabel: String
    package let socketPath: String
    package let definition: NativeDefinition

    package var address: InstanceAddress { InstanceAddress(transport: .unix(path: socketPath)) }

    /// A short name, since a socket's path has room for 107 bytes only.
    ///
    /// It changes with what the worker runs, so that the process of the old settings and that of the new can overlap.
    static func socketPath(
        of resource: String,
        model: ModelDefinition?,
        _ settings: NativeDefinition,
        in directory: String
    ) -> String {
        let identity = [
            resource, settings.engine, "\(settings.slots)", "\(settings.context)", "\(settings.threads)",
            model?.path ?? "", model?.version ?? "", model?.sha256 ?? "",
        ]
        let digest = SHA256.hash(data: Array(identity.joined(separator: "#").utf8))
        let name = digest.prefix(8).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        return "\(directory)/\(name.joined()).sock"
    }
}
