import Crypto
package import GatewayCore

/// The workers that a native deployment may have, and the sockets where they are expected.
package struct NativeInstance: Sendable, Equatable {
    /// `tenant/endpoint/deployment`.
    package let resource: String
    package let modelPath: String
    /// `name:version`.
    package let modelLabel: String
    /// One for each of the most instances that there may be.
    package let socketPaths: [String]
    package let definition: NativeDefinition
    /// Requests that one of them gets at once.
    package let concurrency: Int

    package var addresses: [InstanceAddress] { socketPaths.map { InstanceAddress(transport: .unix(path: $0)) } }

    /// A short name, since a socket's path has room for 107 bytes only.
    ///
    /// They change with what the workers are started with, so that the processes of the old settings and those of the new
    /// can overlap; another number of them changes nothing.
    static func socketPaths(
        of resource: String,
        model: ModelDefinition?,
        _ settings: NativeDefinition,
        in directory: String
    ) -> [String] {
        let identity = [
            resource, settings.engine, "\(settings.slots)", "\(settings.context)", "\(settings.threads)",
            model?.path ?? "", model?.name ?? "", model?.version ?? "", model?.sha256 ?? "",
            settings.memoryMegabytes.map(String.init) ?? "", "\(settings.startSeconds)",
        ]
        let digest = SHA256.hash(data: Array(identity.joined(separator: "#").utf8))
        let name = digest.prefix(8).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        let most = min(max(1, settings.scale.most), InstanceScale.mostRange.upperBound)
        return (0..<most).map { "\(directory)/\(name.joined())\($0 == 0 ? "" : ".\($0)").sock" }
    }
}
