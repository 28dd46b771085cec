/// Says for whom the built-in issuer makes tokens: for this gateway, under the names that clients have for it.
///
/// A token for somebody else would let that somebody call the gateway with it.
struct AudienceRule: Sendable {
    /// The scopes that Azure's SDKs ask for without being told, and a name of our own.
    static let wellKnown: Set<String> = [
        "https://ml.azure.com", "https://management.azure.com", "https://management.core.windows.net",
        "https://storage.azure.com", "https://cognitiveservices.azure.com", "https://ai.azure.com", "api://gatehouse",
    ]
    private static let loopback: Set<String> = ["localhost", "127.0.0.1", "::1"]

    private let names: Set<String>
    private let ownHost: String?

    init(publicURL: String, others: [String]) {
        names = Self.wellKnown.union((others + [publicURL]).map(Self.trimmed))
        ownHost = Self.host(of: publicURL)
    }

    /// - Parameter host: how the client reached us.
    func allows(_ audience: String, host: String?, clientID: String) -> Bool {
        let audience = Self.trimmed(audience)
        if names.contains(audience) || audience == clientID || audience == "api://\(clientID)" { return true }
        guard let named = Self.host(of: audience) else { return false }
        return named == ownHost || named == host.flatMap(URLAuthority.init)?.host || Self.loopback.contains(named)
    }

    /// Resource managers are written with and without the last slash.
    private static func trimmed(_ name: String) -> String {
        name.hasSuffix("/") ? String(name.dropLast()) : name
    }

    private static func host(of url: String) -> String? {
        let scheme = "https://"
        guard url.hasPrefix(scheme) else { return nil }
        let authority = trimmed(String(url.dropFirst(scheme.count)))
        return URLAuthority(authority.prefix { $0 != "/" })?.host
    }
}
