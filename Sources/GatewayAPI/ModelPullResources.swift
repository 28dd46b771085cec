/// A model that the gateway is to fetch.
package struct ModelPullRequest: Codable, Sendable, Equatable {
    /// `hf://org/name[/file][@revision]`, `https://…` or, for an owner of the gateway, `file:…` on its machine.
    package var source: String
    /// Left out, that of the repository or of the file.
    package var name: String?
    /// Left out, the next number is given.
    package var version: String?
    /// What the file's SHA-256 must be, in lower-case hex.
    package var sha256: String?

    package init(source: String, name: String? = nil, version: String? = nil, sha256: String? = nil) {
        self.source = source
        self.name = name
        self.version = version
        self.sha256 = sha256
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case source
        case name
        case version
        case sha256
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            source: try members.decode(String.self, forKey: .source),
            name: try members.decodeIfPresent(String.self, forKey: .name),
            version: try members.decodeIfPresent(String.self, forKey: .version),
            sha256: try members.decodeIfPresent(String.self, forKey: .sha256)
        )
    }
}

/// Whether the file of a model is still the one that was registered; only in answers.
package struct ModelVerificationResource: Codable, Sendable, Equatable {
    package var name: String
    package var version: String
    package var path: String
    package var isGood: Bool
    /// Lower-case hex SHA-256, as it was registered.
    package var expected: String
    /// As the file has it now; `nil` when it cannot be read.
    package var found: String?
    /// What is wrong with it.
    package var problem: String?

    package init(
        name: String,
        version: String,
        path: String,
        isGood: Bool,
        expected: String,
        found: String?,
        problem: String?
    ) {
        self.name = name
        self.version = version
        self.path = path
        self.isGood = isGood
        self.expected = expected
        self.found = found
        self.problem = problem
    }
}

/// What a model's file says of itself; only in answers.
package struct ModelHeaderResource: Codable, Sendable, Equatable {
    package var architecture: String?
    /// As its makers call it.
    package var title: String?
    /// `decoder`, `encoder-decoder` or `embedding`.
    package var kind: String?
    /// `Q4_K_M`.
    package var quantisation: String?
    package var parameters: Int64?
    /// Tokens.
    package var contextLength: Int64?
    package var embeddingLength: Int64?
    /// Tokens that it knows.
    package var vocabulary: Int64?
    package var tokenizer: String?
    package var hasChatTemplate: Bool
    package var chatTemplate: String?

    package init(hasChatTemplate: Bool) {
        self.hasChatTemplate = hasChatTemplate
    }
}
