/// An endpoint's two keys, in clear.
package struct KeyPairResource: Codable, Sendable, Equatable {
    package var primaryKey: String
    package var secondaryKey: String

    package init(primaryKey: String, secondaryKey: String) {
        self.primaryKey = primaryKey
        self.secondaryKey = secondaryKey
    }
}

/// Asks for a new key in one slot: `primary` or `secondary`.
package struct KeyRegeneration: Codable, Sendable, Equatable {
    package var slot: String
    /// How long the replaced key still opens; left out, not at all.
    package var graceSeconds: Int64?

    package init(slot: String, graceSeconds: Int64? = nil) {
        self.slot = slot
        self.graceSeconds = graceSeconds
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case slot
        case graceSeconds
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            slot: try members.decode(String.self, forKey: .slot),
            graceSeconds: try members.value(.graceSeconds)
        )
    }
}

/// Asks for a new secret in place of a named key's.
package struct KeyRotation: Codable, Sendable, Equatable {
    /// How long the replaced key still opens; left out, not at all.
    package var graceSeconds: Int64?

    package init(graceSeconds: Int64? = nil) {
        self.graceSeconds = graceSeconds
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case graceSeconds
    }

    package init(from decoder: any Decoder) throws {
        graceSeconds = try decoder.members(CodingKeys.self).value(.graceSeconds)
    }
}
