/// A registered model's version, as the admin API shows and takes it.
package struct ModelResource: Codable, Sendable, Equatable {
    package var name: String
    /// Left out, the next number is given.
    package var version: String?
    /// Absolute path of the file on the gateway's machine.
    package var path: String
    /// Lower-case hex SHA-256 of the file; left out, the gateway reads the file for it.
    package var sha256: String?
    /// Size in bytes; left out, the file's.
    package var size: Int64?
    /// `gguf`, `safetensors`, `onnx` or `unknown`, by the file itself; only in answers, as all below.
    package var format: String?
    /// Why the embedded pool does not run it, as the end of a sentence.
    ///
    /// None for what it runs; only where one is shown.
    package var refusal: String?
    /// Where the gateway has pulled it from.
    package var source: String?
    /// ISO 8601; when a worker last started with it, or it was pulled.
    package var lastUsedAt: String?
    /// Only where one is shown.
    package var header: ModelHeaderResource?

    package init(name: String, version: String? = nil, path: String, sha256: String? = nil, size: Int64? = nil) {
        self.name = name
        self.version = version
        self.path = path
        self.sha256 = sha256
        self.size = size
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name
        case version
        case path
        case sha256
        case size
        case format
        case refusal
        case source
        case lastUsedAt
        case header
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            name: try members.decode(String.self, forKey: .name),
            version: try members.decodeIfPresent(String.self, forKey: .version),
            path: try members.decode(String.self, forKey: .path),
            sha256: try members.decodeIfPresent(String.self, forKey: .sha256),
            size: try members.decodeIfPresent(Int64.self, forKey: .size)
        )
        format = try members.decodeIfPresent(String.self, forKey: .format)
        refusal = try members.decodeIfPresent(String.self, forKey: .refusal)
        source = try members.decodeIfPresent(String.self, forKey: .source)
        lastUsedAt = try members.decodeIfPresent(String.self, forKey: .lastUsedAt)
        header = try members.decodeIfPresent(ModelHeaderResource.self, forKey: .header)
    }
}
