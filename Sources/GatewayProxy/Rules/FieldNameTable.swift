/// The names that mean something, found by their length and last letter, which no two of them share.
struct FieldNameTable {
    static let shared = FieldNameTable()
    private static let longest = 25
    private static let forwarded: StaticString = "x-forwarded-"
    private static let accessControl: StaticString = "access-control-"
    private static let openAILimits: StaticString = "x-ratelimit-"
    private static let limits: StaticString = "ratelimit"

    private let names: [(StaticString, FieldName)] = [
        ("te", .te), ("host", .host), ("cookie", .cookie), ("expect", .expect), ("origin", .origin),
        ("api-key", .apiKey), ("trailer", .trailer), ("upgrade", .upgrade), ("forwarded", .forwarded),
        ("x-real-ip", .xRealIP), ("x-api-key", .xAPIKey), ("connection", .connection), ("keep-alive", .keepAlive),
        ("content-type", .contentType), ("x-request-id", .requestID), ("authorization", .authorization),
        ("content-length", .contentLength), ("http2-settings", .http2Settings), ("proxy-connection", .proxyConnection),
        ("transfer-encoding", .transferEncoding), ("x-gatehouse-tenant", .tenant),
        ("proxy-authenticate", .proxyAuthenticate), ("proxy-authorization", .proxyAuthorization),
        ("azureml-model-deployment", .pinnedDeployment), ("ocp-apim-subscription-key", .subscriptionKey),
        ("x-gatehouse-limit-warning", .limitFamily),
    ]
    /// For each length and last letter the place in `names`; -1 where there is none.
    private var places = [Int8](repeating: -1, count: (longest + 1) * 32)

    private init() {
        for (index, (text, _)) in names.enumerated() {
            let letters = Array(text.description.utf8)
            let place = Self.place(letters.count, letters[letters.count - 1])
            precondition(places[place] < 0, "two header names have the same length and last letter: \(text)")
            places[place] = Int8(index)
        }
    }

    /// What the name means, in any letter case and with `_` read as `-`.
    func find(_ bytes: Span<UInt8>) -> FieldName {
        let count = bytes.count
        guard count > 1 else { return .other }
        switch bytes[0].lowercased {
        case UInt8(ascii: "x"):
            if bytes.begins(with: Self.forwarded) { return .forwardedFamily }
            if bytes.begins(with: Self.openAILimits) { return .limitFamily }
        case UInt8(ascii: "r"): if bytes.begins(with: Self.limits) { return .limitFamily }
        case UInt8(ascii: "a"): if bytes.begins(with: Self.accessControl) { return .accessControlFamily }
        default: break
        }
        guard count <= Self.longest else { return .other }
        let place = places[Self.place(count, bytes[count - 1])]
        guard place >= 0, bytes.begins(with: names[Int(place)].0) else { return .other }
        return names[Int(place)].1
    }

    private static func place(_ count: Int, _ last: UInt8) -> Int { count * 32 + Int(last & 31) }
}

extension Span<UInt8> {
    /// Whether the bytes begin with these small letters, whatever their own case and with `_` read as `-`.
    fileprivate func begins(with text: StaticString) -> Bool {
        guard count >= text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { letters in
            let letters = unsafe letters.span
            var index = 0
            // Eight at once. The bit of small letters is set in all of ours; bytes that only it makes equal are no token.
            while index &+ 8 <= letters.count, word(at: index) | .spaces == letters.word(at: index) { index &+= 8 }
            while index < letters.count {
                let byte = self[index]
                let letter = byte == UInt8(ascii: "_") ? UInt8(ascii: "-") : byte.lowercased
                guard letter == letters[index] else { return false }
                index &+= 1
            }
            return true
        }
    }
}

extension UInt64 {
    fileprivate static let spaces: UInt64 = 0x2020_2020_2020_2020
}
