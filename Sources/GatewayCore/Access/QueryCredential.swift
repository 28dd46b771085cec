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
            return parts[1].hasPrefix(KeySecret.prefix) || names.contains(parts[0].lowercased())
        }
    }
}
