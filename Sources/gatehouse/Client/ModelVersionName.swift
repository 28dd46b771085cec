import ArgumentParser
import GatewayCore

/// `tenant/model`, `tenant/model:version` or `tenant/model@latest` on the command line.
struct ModelVersionName: ExpressibleByArgument {
    let text: String
    let isVersionSaid: Bool
    private let model: ModelName
    private let version: String

    init?(argument: String) {
        var name = argument[...]
        var version = "latest"
        if argument.hasSuffix("@latest") {
            name = name.dropLast("@latest".count)
        } else if let colon = argument.lastIndex(of: ":") {
            name = argument[..<colon]
            version = String(argument[argument.index(after: colon)...])
        }
        guard let model = ModelName(argument: String(name)), Names.isArtifact(version) else { return nil }
        text = argument
        isVersionSaid = name.count < argument.count
        self.model = model
        self.version = version
    }

    var url: String { "\(model.url)/\(model.name)/versions/\(version)" }
}
