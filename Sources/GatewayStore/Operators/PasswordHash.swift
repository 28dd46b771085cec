import Crypto
import CryptoExtras
import Foundation

/// A password as it is stored: salted, and slow to try out (scrypt, RFC 7914).
struct PasswordHash: Sendable, Equatable {
    /// 2^15 rounds of 1 KiB: 32 MiB and about a tenth of a second per try.
    private static let standard = Cost(exponent: 15, blockSize: 8, parallelism: 1)
    /// Logins come from everywhere: 16 of them are about two seconds' work.
    private static let queue = SlowQueue(most: 16)
    /// What a name that does not exist is compared with, so that it takes as long.
    private static let nobody = PasswordHash(cost: standard, salt: Data(count: 16), key: Data(count: 32))

    private struct Cost: Sendable, Equatable {
        var exponent: Int
        var blockSize: Int
        var parallelism: Int
    }

    private let cost: Cost
    private let salt: Data
    private let key: Data

    private init(cost: Cost, salt: Data, key: Data) {
        self.cost = cost
        self.salt = salt
        self.key = key
    }

    /// `scrypt$15$8$1$salt$key`; `nil` for what is none.
    init?(_ text: String) {
        let parts = text.split(separator: "$").map(String.init)
        guard parts.count == 6, parts[0] == "scrypt", let exponent = Int(parts[1]), (10...20).contains(exponent),
            let blockSize = Int(parts[2]), (1...32).contains(blockSize), let parallelism = Int(parts[3]),
            (1...16).contains(parallelism), let salt = Data(base64Encoded: parts[4]),
            let key = Data(base64Encoded: parts[5]), key.count == 32
        else { return nil }
        self.init(
            cost: Cost(exponent: exponent, blockSize: blockSize, parallelism: parallelism),
            salt: salt,
            key: key
        )
    }

    var text: String {
        let numbers = "\(cost.exponent)$\(cost.blockSize)$\(cost.parallelism)"
        return "scrypt$\(numbers)$\(salt.base64EncodedString())$\(key.base64EncodedString())"
    }

    /// A new hash of a password, with a salt of its own.
    static func make(_ password: String) async throws(StoreError) -> PasswordHash {
        var generator = SystemRandomNumberGenerator()
        let salt = Data((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
        guard let key = try await derive(password, salt, standard) else {
            throw .unavailable("the password cannot be hashed")
        }
        return PasswordHash(cost: standard, salt: salt, key: key)
    }

    /// Whether this is the password of the hash; without a hash, never, and after the same time.
    static func isRight(_ password: String, for hash: PasswordHash?) async throws(StoreError) -> Bool {
        let expected = hash ?? nobody
        guard let key = try await derive(password, expected.salt, expected.cost) else { return false }
        let isSame = zip(key, expected.key).reduce(0) { $0 | $1.0 ^ $1.1 } == 0 && key.count == expected.key.count
        return isSame && hash != nil
    }

    /// - Throws: busy, when as many wait as may.
    private static func derive(_ password: String, _ salt: Data, _ cost: Cost) async throws(StoreError) -> Data? {
        try await queue.run {
            let key = try? KDF.Scrypt.deriveKey(
                from: Data(password.utf8),
                salt: salt,
                outputByteCount: 32,
                rounds: 1 << cost.exponent,
                blockSize: cost.blockSize,
                parallelism: cost.parallelism
            )
            return key.map { key in unsafe key.withUnsafeBytes { unsafe Data($0) } }
        }
    }
}
