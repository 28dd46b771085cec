/// The usable keys of one issuer, one for each `kid`.
struct KeySet: Sendable {
    private static let mostKeys = 256
    /// What of a set is looked at, usable or not.
    private static let mostEntries = 512
    private static let longestName = 64

    private var named: [String: TokenKey] = [:]
    private var unnamed: [TokenKey] = []
    /// What the set had besides, by `kid` or place.
    private(set) var skipped: [String: KeyRefusal] = [:]

    static let empty = KeySet()

    var isEmpty: Bool { named.isEmpty && unnamed.isEmpty }
    var ids: Set<String> { Set(named.keys) }

    /// Whether every key of another set is here too: what that one has verified, this one would.
    func contains(_ other: KeySet) -> Bool {
        other.named.allSatisfy { named[$0] == $1 } && other.unnamed.allSatisfy(unnamed.contains)
    }

    /// Reads a JSON Web Key Set key by key, so that one that cannot be used spoils no other; `nil` when it is none.
    static func read(_ body: [UInt8]) async -> KeySet? {
        guard let document = JSONShape.decode(Document.self, from: body) else { return nil }
        return await KeySet(document.keys.map(\.key))
    }

    private init() {}

    /// Takes the keys that can be used; `nil` stands for what is no key.
    init(_ keys: [JSONWebKey?]) async {
        for (index, jwk) in keys.prefix(Self.mostEntries).enumerated() {
            do throws(KeyRefusal) {
                guard let jwk else { throw .malformed }
                try add(try await TokenKey(jwk))
            } catch {
                skipped[jwk?.kid.map { String($0.prefix(Self.longestName)) } ?? "#\(index)"] = error
            }
        }
    }

    /// The one key that may have signed a token; `nil` when the set has none for it.
    ///
    /// A token without `kid` can only be of the one key with its algorithm.
    func key(for token: SignedToken) throws(TokenRefusal) -> TokenKey? {
        guard let id = token.header.keyID else {
            let candidates = (unnamed + named.values).filter { $0.algorithm == token.algorithm }
            guard let key = candidates.first else { return nil }
            guard candidates.count == 1 else { throw .unknownKey }
            return key
        }
        guard let key = named[id] else { return nil }
        guard key.algorithm == token.algorithm else { throw .algorithm }
        return key
    }

    private mutating func add(_ key: TokenKey) throws(KeyRefusal) {
        guard named.count + unnamed.count < Self.mostKeys else { throw .tooMany }
        guard let id = key.id else { return unnamed.append(key) }
        guard named[id] == nil else { throw .duplicate }
        named[id] = key
    }

    /// RFC 7517 §5.
    private struct Document: Decodable {
        let keys: [Entry]
    }

    /// One element of `keys`, which may be anything.
    private struct Entry: Decodable {
        let key: JSONWebKey?

        init(from decoder: any Decoder) {
            key = try? JSONWebKey(from: decoder)
        }
    }
}
