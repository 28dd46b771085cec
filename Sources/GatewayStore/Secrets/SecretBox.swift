import Crypto
import Foundation

/// Seals what must be shown again with AES-256-GCM, each value bound to its place.
struct SecretBox: Sendable {
    static let variable = "GATEHOUSE_SECRET_KEY"

    private let key: SymmetricKey

    init(key: SymmetricKey) {
        self.key = key
    }

    static func path(beside store: String) -> String {
        URL(fileURLWithPath: store).deletingLastPathComponent().appendingPathComponent("secret.key").path
    }

    /// The key of the environment, else the one beside the store.
    ///
    /// - Parameter mayCreate: false when the store already holds sealed values, which a new key could not open.
    static func load(beside store: String, environment: [String: String], mayCreate: Bool) throws(StoreError)
        -> SecretBox
    {
        if let text = environment[variable], !text.isEmpty { return try SecretBox(base64: text, from: variable) }
        let path = path(beside: store)
        if let text = try PrivateFile.read(path) { return try SecretBox(base64: text, from: path) }
        guard mayCreate else {
            throw .unavailable(
                "\(path) is missing, and the store holds values sealed with it; put it back, or set \(variable)"
            )
        }
        let made = SymmetricKey(size: .bits256)
        let text = unsafe made.withUnsafeBytes { unsafe Data($0).base64EncodedString() }
        if try PrivateFile.create(path, text: text) { return SecretBox(key: made) }
        return try SecretBox(base64: try PrivateFile.read(path) ?? "", from: path)
    }

    private init(base64 text: String, from source: String) throws(StoreError) {
        guard let bytes = Data(base64Encoded: text), bytes.count == 32 else {
            throw .unavailable("\(source) is not a key; it must be 32 bytes in base64")
        }
        self.init(key: SymmetricKey(data: bytes))
    }

    func seal(_ text: String, place: String) throws(StoreError) -> Data {
        let sealed = try? AES.GCM.seal(Data(text.utf8), using: key, authenticating: Data(place.utf8))
        guard let combined = sealed?.combined else { throw .unavailable("\(place) cannot be sealed") }
        return combined
    }

    /// A keyed digest, with a key of its own for each purpose.
    func authentication(of bytes: Data, purpose: String) -> Data {
        let derived = HKDF<SHA256>.deriveKey(inputKeyMaterial: key, info: Data(purpose.utf8), outputByteCount: 32)
        return Data(HMAC<SHA256>.authenticationCode(for: bytes, using: derived))
    }

    func open(_ sealed: Data, place: String) throws(StoreError) -> String {
        guard let box = try? AES.GCM.SealedBox(combined: sealed),
            let bytes = try? AES.GCM.open(box, using: key, authenticating: Data(place.utf8)),
            let text = String(data: bytes, encoding: .utf8)
        else {
            throw .unavailable(
                "\(place) cannot be unsealed: the store was made with another \(Self.variable) or secret.key; put that one back"
            )
        }
        return text
    }
}
