import Crypto
import Foundation

/// What the receiver of a webhook checks signatures with: `whsec_` and 256 random bits in base64.
enum SigningSecret {
    static let prefix = "whsec_"

    static func generate() -> String {
        let key = SymmetricKey(size: .bits256)
        return prefix + (unsafe key.withUnsafeBytes { unsafe Data($0).base64EncodedString() })
    }
}
