/// How callers of an endpoint prove who they are: Azure's one word, and the list that Azure has no member for.
package enum AuthModes {
    /// In the order in which Azure's one word is chosen.
    package static let all = ["key", "aad_token", "aml_token", "none"]

    /// The word that a client which knows only one mode is told.
    package static func word(of modes: [String]) -> String {
        all.first(where: modes.contains) ?? modes.first ?? "key"
    }

    /// `authMode` is one mode or a list; `authModes` is a list; where both are there they must agree.
    static func decode<Key: CodingKey>(
        _ members: KeyedDecodingContainer<Key>,
        one: Key,
        several: Key
    ) throws -> [String] {
        let list: [String]? = try members.value(several)
        guard members.contains(one), try !members.decodeNil(forKey: one) else { return normal(list ?? ["key"]) }
        let word = try? members.decode(String.self, forKey: one)
        let given = normal(try word.map { [$0] } ?? members.decode([String].self, forKey: one))
        guard let list else { return given }
        let modes = normal(list)
        guard given.allSatisfy(modes.contains) else {
            throw DecodingError.dataCorruptedError(
                forKey: one,
                in: members,
                debugDescription: "\(given.joined(separator: ", ")) is not in authModes; change both, or leave one out"
            )
        }
        return modes
    }

    /// Azure's spellings (`AMLToken`, `aadtoken`) are ours; each mode once.
    private static func normal(_ modes: [String]) -> [String] {
        var found: [String] = []
        for mode in modes {
            let plain = mode.lowercased().filter { $0 != "_" }
            let known = all.first { $0.filter { $0 != "_" } == plain } ?? mode
            if !found.contains(known) { found.append(known) }
        }
        return found
    }
}
