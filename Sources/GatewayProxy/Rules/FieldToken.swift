/// The last sixteen bytes of a name or word, lower-cased and packed, with its length: enough to recognise it across splits.
struct FieldToken: Equatable {
    private(set) var word: UInt128 = 0
    private(set) var length = 0
    private(set) var first: UInt8 = 0

    init() {}

    init(_ text: StaticString) {
        self.init()
        for byte in text.description.utf8 { append(byte) }
    }

    // Made once: a comparison on the hot path is two words and no allocation.
    static let chunked = FieldToken("chunked")
    static let close = FieldToken("close")
    static let connect = FieldToken("connect")
    static let connection = FieldToken("connection")
    static let contentLength = FieldToken("content-length")
    static let host = FieldToken("host")
    static let keepAlive = FieldToken("keep-alive")
    static let transferEncoding = FieldToken("transfer-encoding")
    static let upgrade = FieldToken("upgrade")

    mutating func append(_ byte: UInt8) {
        let lower = byte.lowercased
        if length == 0 { first = lower }
        word = (word &<< 8) | UInt128(lower)
        length &+= 1
    }
}

extension UInt8 {
    /// The byte itself, or the small letter of a capital one.
    var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

    /// Whether the byte may stand in a field name or method (RFC 9110 5.6.2).
    var isToken: Bool {
        // Two words of a bit set: one select, one shift and one mask, no table in memory.
        let set: UInt64 = self < 64 ? 0x03ff_6cfa_0000_0000 : 0x57ff_ffff_c7ff_fffe
        return self < 128 && (set &>> UInt64(self)) & 1 == 1
    }

    /// Whether the byte is a control character that no field value may hold; a tab may.
    var isForbiddenInValue: Bool { (self < 0x20 && self != 0x09) || self == 0x7f }

    /// Whether the byte is printable US-ASCII without the space.
    var isVisible: Bool { self > 0x20 && self < 0x7f }

    /// The byte's value as a hexadecimal digit.
    var hexDigit: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x37
        case 0x61...0x66: self - 0x57
        default: nil
        }
    }
}
