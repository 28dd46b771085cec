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

    package init(slot: String) {
        self.slot = slot
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case slot
    }

    package init(from decoder: any Decoder) throws {
        slot = try decoder.members(CodingKeys.self).decode(String.self, forKey: .slot)
    }
}
