import GatewayCore

@testable import GatewayTokens

/// Tokens whose signature or very form is wrong (SECURITY J-4, J-6).
extension Hostile {
    /// The order of P-256.
    private static let order: [UInt8] = [
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ]
    private static let zero = [UInt8](repeating: 0, count: 32)
    private static let one: [UInt8] = Array(zero.dropLast()) + [1]

    private static func rs(_ name: String, _ r: [UInt8]?, _ s: [UInt8]?) -> Hostile {
        Hostile(name, .signature) { hostile in
            let real = try Base64URL.decode(hostile.partsEC[2].utf8) ?? []
            return try hostile.withSignature((r ?? Array(real.prefix(32))) + (s ?? Array(real.suffix(32))))
        }
    }

    static let curves: [Hostile] = [
        rs("ES256 with r and s zero", zero, zero),
        rs("ES256 with r zero", zero, nil),
        rs("ES256 with s zero", nil, zero),
        rs("ES256 with r the order", order, nil),
        rs("ES256 with s the order", nil, order),
        rs("ES256 with r and s the order", order, order),
        rs("ES256 with r and s one", one, one),
        rs("ES256 with r and s all ones", .init(repeating: 0xff, count: 32), .init(repeating: 0xff, count: 32)),
        rs("ES256 of 63 bytes", Array(zero.dropLast()), nil),
        rs("ES256 of 65 bytes", zero + [0], nil),
        rs("ES256 of 96 bytes", zero, zero + zero),
        Hostile("ES256 in DER", .signature) { hostile in
            let real = try Base64URL.decode(hostile.partsEC[2].utf8) ?? []
            let prefix: [UInt8] = [0x02, 0x21, 0x00]
            let numbers = prefix + Array(real.prefix(32)) + prefix + Array(real.suffix(32))
            let sequence: [UInt8] = [0x30, UInt8(numbers.count)]
            return try hostile.withSignature(sequence + numbers)
        },
    ]

    static let signatures: [Hostile] = [
        Hostile("an empty signature", .signature) { "\(try $0.parts[0]).\(try $0.parts[1])." },
        Hostile("a signature with a bit flipped", .signature) {
            var bytes = try Base64URL.decode($0.parts[2].utf8) ?? [0]
            bytes[0] ^= 1
            return "\(try $0.parts[0]).\(try $0.parts[1]).\(Base64URL.encode(bytes))"
        },
        Hostile("a shortened signature", .signature) { String(try $0.good.dropLast(8)) },
        Hostile("a lengthened signature", .signature) {
            let bytes = try Base64URL.decode($0.parts[2].utf8) ?? []
            return "\(try $0.parts[0]).\(try $0.parts[1]).\(Base64URL.encode(bytes + [0]))"
        },
        Hostile("a signature of zeros", .signature) {
            "\(try $0.parts[0]).\(try $0.parts[1]).\(Base64URL.encode([UInt8](repeating: 0, count: 256)))"
        },
        Hostile("the signature of another token", .signature) {
            let other = try $0.signed($0.claims.with("sub", #""z""#)).split(separator: ".")
            return "\(try $0.parts[0]).\(try $0.parts[1]).\(other[2])"
        },
        Hostile("a header put in afterwards", .signature) {
            "\(Forge.text($0.header.with("x", "1").json)).\(try $0.parts[1]).\(try $0.parts[2])"
        },
        Hostile("a payload put in afterwards", .signature) {
            "\(try $0.parts[0]).\(Forge.text($0.claims.with("roles", #"["admin"]"#).json)).\(try $0.parts[2])"
        },
    ]

    static let spellings: [Hostile] = [
        Hostile("padding", .signature) { try $0.good + "==" },
        Hostile("a line break at the end", .signature) { try $0.good + "\n" },
        Hostile("a blank in front", .malformed) { " " + (try $0.good) },
        Hostile("a blank inside", .malformed) { try $0.parts[0] + ". " + $0.parts[1] + "." + $0.parts[2] },
        Hostile("left-over bits at the end", .signature) {
            // 256 bytes leave two characters with four bits to spare.
            let signature = try $0.parts[2]
            let last = signature.last.map(String.init) ?? ""
            let next = ["A": "B", "Q": "R", "g": "h", "w": "x"][last] ?? "B"
            return "\(try $0.parts[0]).\(try $0.parts[1]).\(signature.dropLast())\(next)"
        },
        Hostile("letters outside ASCII", .malformed) { "\(try $0.parts[0])é.\(try $0.parts[1]).\(try $0.parts[2])" },
        Hostile("nothing", .malformed) { _ in "" },
        Hostile("a word", .malformed) { _ in "null" },
        Hostile("only dots", .malformed) { _ in ".." },
        Hostile("four parts", .malformed) { try $0.good + "." },
        Hostile("five parts, as of an encrypted token", .malformed) {
            Forge.text($0.header.with("alg", #""RSA-OAEP""#).with("enc", #""A256GCM""#).json) + ".a.b.c.d"
        },
        Hostile("two parts", .malformed) { try $0.parts[0] + "." + $0.parts[1] },
        Hostile("the JSON serialisation", .malformed) {
            #"{"protected":"\#(try $0.parts[0])","payload":"\#(try $0.parts[1])","signature":"\#(try $0.parts[2])"}"#
        },
        Hostile("16 KiB and a byte", .tooLong) { _ in String(repeating: "a", count: 16 * 1024 + 1) },
        Hostile("100,000 bytes, signed", .tooLong) {
            try $0.signed($0.claims.with("x", "\"" + String(repeating: "y", count: 100_000) + "\""))
        },
        Hostile("ten thousand dots", .malformed) { _ in String(repeating: ".", count: 10_000) },
    ]

    static let headers: [Hostile] = [
        Hostile("a header that is no JSON", .malformed) { try $0.signed(headerText: "not json") },
        Hostile("a header that is an array", .malformed) { try $0.signed(headerText: #"["RS256"]"#) },
        Hostile("a header with alg twice", .malformed) {
            try $0.signed(headerText: #"{"alg":"none","kid":"rsa-1","alg":"RS256"}"#)
        },
        Hostile("a header with kid twice, once escaped", .malformed) {
            try $0.signed(headerText: #"{"alg":"RS256","kid":"rsa-1","\u006bid":"evil"}"#)
        },
        Hostile("a header of 2,000 levels", .malformed) {
            let deep = String(repeating: "[", count: 2000) + String(repeating: "]", count: 2000)
            return try $0.signed(header: $0.header.with("x", deep))
        },
    ]

    /// The good payload with more text before its end.
    private static func payload(with more: String) -> String { String(Stage.claims.json.dropLast()) + more + "}" }

    private static let open = String(repeating: "[", count: 3000)
    private static let deep = #"{"a":"# + open + String(repeating: "]", count: 3000) + "}"

    private static let texts: [(name: String, payload: String)] = [
        ("no JSON", "not json"), ("an array", "[]"), ("a string", #""text""#), ("a number", "7"), ("null", "null"),
        ("empty", ""), ("cut", #"{"iss":"#), ("two objects", "{}{}"), ("with a comment", "{/**/}"),
        ("with a byte order mark", "\u{feff}" + payload(with: "")),
        ("with a NUL", payload(with: "") + "\0"),
        ("with something after it", payload(with: "") + "x"),
        ("with a closing bracket too many", payload(with: "}")),
        ("with single quotes", "{'iss':'https://login.test/tenant-a/v2.0'}"),
        ("of 3,000 open brackets", open),
        ("of 3,000 open brackets and braces", String(repeating: #"{"":["#, count: 1500)),
        ("of 3,000 levels", deep),
        ("with exp twice", payload(with: #","exp":1900000000"#)),
        ("with aud twice", payload(with: #","aud":"api://gateway""#)),
        ("with iss twice, once escaped", payload(with: #","\u0069ss":"https://evil.test""#)),
        ("with a doubled member further in", payload(with: #","x":{"a":1,"a":2}"#)),
        ("with a name that is no text", payload(with: #","\ud800":1"#)),
    ]

    static let payloads: [Hostile] =
        texts.map { name, payload in
            Hostile("a payload \(name)", .malformed) { try $0.signed(payload: payload) }
        } + encodings

    private static let encodings: [Hostile] = [
        Hostile("a payload in UTF-16", .malformed) {
            let wide: [UInt8] = Array($0.claims.json.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), 0] })
            let signed = Forge.text($0.header.json) + "." + Base64URL.encode(wide)
            return signed + "." + Base64URL.encode(try $0.stage.rsa.sign(signed))
        },
        Hostile("a payload that is not UTF-8", .malformed) {
            var bytes = Array(Self.payload(with: #","x":""#).utf8.dropLast())
            bytes.append(contentsOf: [0xff, 0xfe, UInt8(ascii: "\""), UInt8(ascii: "}")])
            let signed = Forge.text($0.header.json) + "." + Base64URL.encode(bytes)
            return signed + "." + Base64URL.encode(try $0.stage.rsa.sign(signed))
        },
    ]
}
