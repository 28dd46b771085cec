import Foundation

/// A DNS name or IP address that may stand in a certificate.
///
/// The check keeps other text out of OpenSSL's extension syntax.
struct CertificateName: Hashable, Sendable {
    let text: String
    let isAddress: Bool

    init(_ name: String) throws(TLSError) {
        if let address = IPAddressText.canonical(name) {
            text = address
            isAddress = true
            return
        }
        let lowered = name.lowercased()
        let labels = lowered.split(separator: ".", omittingEmptySubsequences: false)
        let isValid = labels.enumerated().allSatisfy { index, label in
            (index == 0 && label == "*" && labels.count > 2) || Self.isLabel(label)
        }
        guard isValid, lowered.utf8.count <= 253 else { throw .invalidHost(name) }
        text = lowered
        isAddress = false
    }

    var entry: String { (isAddress ? "IP:" : "DNS:") + text }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
            && label.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
