/// Whether a query string carries a credential: it would end in logs and browser histories, so it is refused (SECURITY K-4).
enum QueryCredential {
    private static let names: Set<String> = [
        "access_token", "api-key", "api_key", "apikey", "x-api-key", "subscription-key", "ocp-apim-subscription-key",
    ]

    static func isIn(_ query: String?) -> Bool {
        guard let query, query.utf8.contains(UInt8(ascii: "=")) else { return false }
        return query.split(separator: "&").contains { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[1].isEmpty else { return false }
            let (name, value) = (decoded(parts[0]), decoded(parts[1]))
            return value.hasPrefix(KeySecret.prefix) || value.isTokenShaped || names.contains(name.lowercased())
        }
    }

    /// As a server reads it (RFC 3986 2.1; a plus is a space in forms).
    private static func decoded(_ text: Substring) -> String {
        guard text.contains("%") || text.contains("+") else { return String(text) }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            if byte == UInt8(ascii: "%"), digits.utf8.count == 2, let code = UInt8(digits, radix: 16) {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
