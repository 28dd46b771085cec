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

    /// Of those, what Azure ML's SDK asks for to administer: the resource manager, the workspace, its datastore.
    ///
    /// The others are for calling models.
    private static let administrative: Set<String> = [
        "https://ml.azure.com", "https://management.azure.com", "https://management.core.windows.net",
        "https://storage.azure.com", "api://gatehouse",
    ]
    private static let standardPort = 443

    private let names: Set<String>
    /// Of the gateway's own URLs.
    private let ownPorts: Set<Int>
    private let ownHost: String?

    init(publicURL: String, others: [String]) {
        names = Self.wellKnown.union((others + [publicURL]).map(Self.trimmed))
        ownHost = Self.authority(of: publicURL)?.host
        ownPorts = Set(
            (others + [publicURL]).compactMap { Self.authority(of: $0) }.map { $0.port ?? Self.standardPort }
        )
    }

    /// Whether a token of ours for this audience is an operator's.
    ///
    /// Its host was looked at when it was issued; another port is another service.
    func administers(_ audience: String) -> Bool {
        let audience = Self.trimmed(audience)
        if Self.administrative.contains(audience) { return true }
        return Self.authority(of: audience).map { ownPorts.contains($0.port ?? Self.standardPort) } ?? false
            && !Self.wellKnown.contains(audience)
    }

    /// - Parameter host: how the client reached us.
    func allows(_ audience: String, host: String?, clientID: String) -> Bool {
        let audience = Self.trimmed(audience)
        if names.contains(audience) || audience == clientID || audience == "api://\(clientID)" { return true }
        guard let named = Self.authority(of: audience)?.host else { return false }
        return named == ownHost || named == host.flatMap(URLAuthority.init)?.host || Self.loopback.contains(named)
    }

    /// Resource managers are written with and without the last slash.
    private static func trimmed(_ name: String) -> String {
        name.hasSuffix("/") ? String(name.dropLast()) : name
    }

    private static func authority(of url: String) -> URLAuthority? {
        let scheme = "https://"
        guard url.hasPrefix(scheme) else { return nil }
        let authority = trimmed(String(url.dropFirst(scheme.count)))
        return URLAuthority(authority.prefix { $0 != "/" })
    }
}
