import Crypto
import Foundation
import GatewayStore

/// Signs URLs of one folder of uploads for a while, as Azure's shared access signatures do.
///
/// The key lives as long as the process: whoever still uploads then asks for a new URL.
struct BlobSignature: Sendable {
    static let lifetime: Int64 = 3600

    private let key = SymmetricKey(size: .bits256)

    /// The query that opens a folder until `lifetime` seconds from now.
    func query(tenant: String, folder: String, now: Int64 = WallClock.seconds) -> String {
        let expiry = WireTime.text(now + Self.lifetime)
        return "sv=2023-11-03&sr=c&sp=rcwl&se=\(expiry)&sig=\(signature(tenant, folder, expiry))"
    }

    /// Whether these parts of a query open the folder now.
    func opens(
        tenant: String,
        folder: String,
        expiry: String,
        signature given: String,
        now: Int64 = WallClock.seconds
    ) -> Bool {
        guard let end = WireTime.seconds(expiry), now < end, let bytes = Self.bytes(given) else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(
            bytes,
            authenticating: message(tenant, folder, expiry),
            using: key
        )
    }

    private func signature(_ tenant: String, _ folder: String, _ expiry: String) -> String {
        HMAC<SHA256>.authenticationCode(for: message(tenant, folder, expiry), using: key).map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0\(text)" : text
        }.joined()
    }

    private func message(_ tenant: String, _ folder: String, _ expiry: String) -> Data {
        Data("\(tenant)\n\(folder)\n\(expiry)".utf8)
    }

    private static func bytes(_ hex: String) -> [UInt8]? {
        let digits = Array(hex.utf8)
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        return bytes
    }
}
