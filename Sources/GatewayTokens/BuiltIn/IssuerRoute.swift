import GatewayCore

/// One of the paths that the built-in issuer answers.
struct IssuerRoute: Equatable {
    /// Whose tokens the path is about.
    enum Authority: Equatable {
        case tenant(String)
        /// Azure's name for an authority that nobody looks up: the tenant follows from the client.
        case adfs
    }

    enum Document: Equatable {
        case configuration
        case keys
        case token
    }

    let authority: Authority
    let document: Document

    private static let longest = 128
    private static let documents: [Substring: Document] = [
        ".well-known/openid-configuration": .configuration,
        "v2.0/.well-known/openid-configuration": .configuration,
        "discovery/keys": .keys,
        "discovery/v2.0/keys": .keys,
        "v2.0/discovery/keys": .keys,
        "v2.0/discovery/v2.0/keys": .keys,
        "oauth2/token": .token,
        "oauth2/v2.0/token": .token,
        "v2.0/oauth2/token": .token,
        "v2.0/oauth2/v2.0/token": .token,
    ]

    init?(path: String) {
        guard path.utf8.count <= Self.longest, Self.mayEnd(path), path.hasPrefix("/") else { return nil }
        let parts = path.dropFirst().split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let document = Self.documents[parts[1]] else { return nil }
        if parts[0].lowercased() == "adfs" {
            authority = .adfs
        } else if Names.isTenant(String(parts[0])) {
            authority = .tenant(String(parts[0]))
        } else {
            return nil
        }
        self.document = document
    }

    /// Most requests are none of the issuer's; their last bytes say so.
    private static func mayEnd(_ path: String) -> Bool {
        switch path.utf8.last {
        case UInt8(ascii: "n"): path.hasSuffix("/token") || path.hasSuffix("/openid-configuration")
        case UInt8(ascii: "s"): path.hasSuffix("/keys")
        default: false
        }
    }
}
