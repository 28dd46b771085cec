import Foundation

/// Base 64 as RFC 7515 §2 wants it: the URL alphabet, no padding, no blanks, and nothing forgiven.
enum Base64URL {
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        guard text.utf8.count % 4 != 1 else { return nil }
        var padded = ""
        padded.reserveCapacity(text.utf8.count + 3)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "-"): padded.append("+")
            case UInt8(ascii: "_"): padded.append("/")
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                padded.append(Character(UnicodeScalar(byte)))
            default: return nil
            }
        }
        padded += String(repeating: "=", count: (4 - padded.utf8.count % 4) % 4)
        return Data(base64Encoded: padded).map(Array.init)
    }
}
