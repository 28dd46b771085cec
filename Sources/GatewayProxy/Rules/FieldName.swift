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
        case .other, .contentType, .cookie, .origin, .accessControlFamily: false
        default: true
        }
    }

    /// Whether a trailer of this name is passed on: framing, routing and credentials are not (H1-4).
    var isForwardedTrailer: Bool { self == .other }
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
        // Locals and no early exit: the loop runs over every byte of every name of every request.
        var word: UInt128 = 0
        var hasUnderscore = false
        var isToken = bytes.count > 0
        var isForwardedFamily = false
        var isAccessControlFamily = false
        for index in bytes.indices {
            let byte = bytes[index]
            let isUnderscore = byte == 0x5f
            isToken = isToken && byte.isToken
            hasUnderscore = hasUnderscore || isUnderscore
            word = word &<< 8 | UInt128(isUnderscore ? 0x2d : byte.lowercased)
            if index == 11 { isForwardedFamily = word == FieldNameTable.forwardedPrefix.word }
            if index == 14 { isAccessControlFamily = word == FieldNameTable.accessControlPrefix.word }
        }
        let first = bytes.count > 0 ? bytes[0].lowercased : 0
        let token = FieldToken(word: word, length: bytes.count, first: first)
        self.isToken = isToken
        isLookalike = hasUnderscore
        name =
            if isForwardedFamily {
                .forwardedFamily
            } else if isAccessControlFamily { .accessControlFamily } else { FieldNameTable.shared.find(token, bytes) }
    }

    /// Whether the header is dropped for looking like one that the gateway obeys.
    var isDangerousLookalike: Bool { isLookalike && name.hasDangerousLookalike }
}

/// The names that mean something, found by length and then by their last sixteen bytes.
struct FieldNameTable {
    /// One known name.
    private struct Entry {
        let token: FieldToken
        let text: [UInt8]
        let name: FieldName
    }

    static let shared = FieldNameTable()
    static let forwardedPrefix = FieldToken("x-forwarded-")
    static let accessControlPrefix = FieldToken("access-control-")
    private static let longest = 25

    private var entries: [Entry] = []
    /// Where the entries of each length start; one more at the end.
    private var starts: [Int] = []

    private init() {
        let names: [(StaticString, FieldName)] = [
            ("te", .te), ("host", .host), ("cookie", .cookie), ("expect", .expect), ("origin", .origin),
            ("api-key", .apiKey),
            ("trailer", .trailer), ("upgrade", .upgrade), ("forwarded", .forwarded), ("x-real-ip", .xRealIP),
            ("x-api-key", .xAPIKey), ("connection", .connection), ("keep-alive", .keepAlive),
            ("content-type", .contentType), ("x-request-id", .requestID), ("authorization", .authorization),
            ("content-length", .contentLength), ("http2-settings", .http2Settings),
            ("proxy-connection", .proxyConnection), ("transfer-encoding", .transferEncoding),
            ("x-gatehouse-tenant", .tenant), ("proxy-authenticate", .proxyAuthenticate),
            ("proxy-authorization", .proxyAuthorization), ("azureml-model-deployment", .pinnedDeployment),
            ("ocp-apim-subscription-key", .subscriptionKey),
        ]
        for length in 0...Self.longest {
            starts.append(entries.count)
            for (text, name) in names where text.utf8CodeUnitCount == length {
                entries.append(Entry(token: FieldToken(text), text: Array(text.description.utf8), name: name))
            }
        }
        starts.append(entries.count)
    }

    func find(_ token: FieldToken, _ bytes: Span<UInt8>) -> FieldName {
        guard token.length <= Self.longest else { return .other }
        for index in starts[token.length]..<starts[token.length + 1] where entries[index].token == token {
            return matchesStart(entries[index].text, bytes) ? entries[index].name : .other
        }
        return .other
    }

    /// The token covers the last sixteen bytes; a longer name is compared in front of them too.
    private func matchesStart(_ text: [UInt8], _ bytes: Span<UInt8>) -> Bool {
        for index in 0..<max(0, text.count - 16) {
            let byte = bytes[index]
            guard (byte == 0x5f ? 0x2d : byte.lowercased) == text[index] else { return false }
        }
        return true
    }
}
