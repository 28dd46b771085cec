/// What a document says of a deployment's environment: it helps to find what serves the deployment, and where that
/// is probed and called.
package struct EnvironmentResource: Codable, Sendable, Equatable {
    /// A registered one: `azureml:NAME:VERSION` or `azureml:NAME@latest`.
    package var reference: String?
    /// `NAME:VERSION` of one that the document describes itself.
    package var name: String?
    package var image: String?
    package var probe: ProbePathsResource?
    /// The path of its server that `/score` leads to.
    package var scoring: String?

    package init(
        reference: String? = nil,
        name: String? = nil,
        image: String? = nil,
        probe: ProbePathsResource? = nil,
        scoring: String? = nil
    ) {
        self.reference = reference
        self.name = name
        self.image = image
        self.probe = probe
        self.scoring = scoring
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case reference
        case name
        case image
        case probe
        case scoring
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            reference: try members.value(.reference),
            name: try members.value(.name),
            image: try members.value(.image),
            probe: try members.value(.probe),
            scoring: try members.value(.scoring)
        )
    }
}

/// A model that a document describes itself; it is registered when the embedded pool is to run it.
package struct ModelSourceResource: Codable, Sendable, Equatable {
    /// Left out, the file's checksum gives one.
    package var name: String?
    /// Left out, the same file keeps its version and another one gets the next number.
    package var version: String?
    /// Absolute, on the gateway's machine, or `azureml://…/paths/…` of an uploaded one.
    package var path: String

    package init(name: String? = nil, version: String? = nil, path: String) {
        self.name = name
        self.version = version
        self.path = path
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name
        case version
        case path
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            name: try members.value(.name),
            version: try members.value(.version),
            path: try members.decode(String.self, forKey: .path)
        )
    }
}
