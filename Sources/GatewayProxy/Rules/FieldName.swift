import GatewayCore

/// What a header name means to the gateway.
enum FieldName: UInt8, CaseIterable {
    case other
    case host
    case contentLength
    case transferEncoding
    case connection
    case keepAlive
    case proxyConnection
    case te
    case trailer
    case upgrade
    case http2Settings
    case proxyAuthorization
    case proxyAuthenticate
    case authorization
    case apiKey
    case xAPIKey
    case subscriptionKey
    case forwarded
    case forwardedFamily
    case xRealIP
    case pinnedDeployment
    case tenant
    case requestID
    case contentType
    case cookie
    case expect
    case origin
    /// What begins with `access-control-`.
    case accessControlFamily
    /// What tells of rate limits, in OpenAI's or the IETF's names.
    case limitFamily

    /// Whether the name belongs to one connection and is never passed on (RFC 9110 7.6.1).
    var isHopByHop: Bool {
        switch self {
        case .connection, .keepAlive, .proxyConnection, .te, .trailer, .upgrade, .http2Settings, .proxyAuthorization,
            .proxyAuthenticate, .transferEncoding, .contentLength:
            true
        default: false
        }
    }

    /// Whether only the gateway sets a response header of this name, whatever the upstream says.
    var isGatewaysOwn: Bool { self == .requestID || self == .pinnedDeployment || self == .accessControlFamily }

    /// Whether a header that spells this name with `_` for `-` is dropped: a reader that maps names to variables, as CGI
    /// does, would take it for the real one (H1-7).
    var hasDangerousLookalike: Bool {
        switch self {
        case .other, .contentType, .cookie, .origin, .accessControlFamily, .limitFamily: false
        default: true
        }
    }

    /// Whether a trailer of this name is passed on: framing, routing and credentials are not (H1-4).
    var isForwardedTrailer: Bool { self == .other || self == .limitFamily }
}

/// A header name that was read once: what it means, and whether it is a name at all.
struct FieldNameReading {
    let name: FieldName
    /// Every byte is a token byte and there is at least one.
    let isToken: Bool
    /// It means what it means only once `_` is read as `-`.
    let isLookalike: Bool

    init(_ text: String) {
        self = text.withBytes { Self($0) }
    }

    init(_ bytes: Span<UInt8>) {
        // No early exit: the loop runs over every byte of every name of every request.
        var isToken = bytes.count > 0
        var hasUnderscore = false
        for index in bytes.indices {
            isToken = isToken && bytes[index].isToken
            hasUnderscore = hasUnderscore || bytes[index] == UInt8(ascii: "_")
        }
        self.isToken = isToken
        isLookalike = hasUnderscore
        name = FieldNameTable.shared.find(bytes)
    }

    /// Whether the header is dropped for looking like one that the gateway obeys.
    var isDangerousLookalike: Bool { isLookalike && name.hasDangerousLookalike }
}
