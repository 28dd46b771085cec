import Crypto
import Foundation

/// What signs a webhook's deliveries, by the Standard Webhooks scheme (standardwebhooks.com): `whsec_` and base64.
package struct WebhookSecret: Sendable {
    private static let prefix = "whsec_"

    private let key: SymmetricKey

    /// - Returns: `nil` when the text is not `whsec_` and the base64 of 24 to 64 bytes.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.prefix),
            let bytes = Data(base64Encoded: String(text.dropFirst(Self.prefix.count))),
            (24...64).contains(bytes.count)
        else { return nil }
        key = SymmetricKey(data: bytes)
    }

    /// The value of `webhook-signature`.
    ///
    /// - Parameters:
    ///   - identifier: the value of `webhook-id`.
    ///   - timestamp: seconds since 1970, the value of `webhook-timestamp`.
    package func signature(identifier: String, timestamp: Int64, body: String) -> String {
        let signed = Data("\(identifier).\(timestamp).\(body)".utf8)
        return
            "v1,\(Data(HMAC<SHA256>.authenticationCode(for: signed, using: key)).base64EncodedString())"
    }
}
