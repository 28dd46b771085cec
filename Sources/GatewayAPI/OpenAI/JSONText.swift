import Foundation

/// Reads a request's body, which parts of it are also needed as they were written.
package enum OpenAIRequestBody {
    package static func read<Request: Decodable>(_ type: Request.Type, from bytes: [UInt8]) throws -> Request {
        let decoder = JSONDecoder()
        if let key = CodingUserInfoKey.openAIBody { decoder.userInfo[key] = bytes }
        return try decoder.decode(type, from: Data(bytes))
    }
}

extension CodingUserInfoKey {
    static let openAIBody = CodingUserInfoKey(rawValue: "body")
}

/// Finds a value's own text in JSON that a decoder has read before, so that no more than its structure is looked at.
enum JSONText {
    /// Where the value of a member of a member … lies; nil where there is none.
    ///
    /// A name that is written with escapes is not found.
    static func value(at path: [String], in bytes: [UInt8]) -> Range<Int>? {
        var range = skipSpace(bytes, 0)..<bytes.count
        for name in path {
            guard let found = member(name, in: bytes, range) else { return nil }
            range = found
        }
        return range
    }

    private static func member(_ name: String, in bytes: [UInt8], _ range: Range<Int>) -> Range<Int>? {
        guard range.lowerBound < range.upperBound, bytes[range.lowerBound] == UInt8(ascii: "{") else { return nil }
        var index = skipSpace(bytes, range.lowerBound + 1)
        while index < range.upperBound, bytes[index] == UInt8(ascii: "\"") {
            let end = endOfString(bytes, index)
            let start = skipSpace(bytes, skipSpace(bytes, end) + 1)
            let valueEnd = endOfValue(bytes, start)
            if bytes[(index + 1)..<max(index + 1, end - 1)].elementsEqual(name.utf8) { return start..<valueEnd }
            index = skipSpace(bytes, skipSpace(bytes, valueEnd) + 1)
        }
        return nil
    }

    private static func skipSpace(_ bytes: [UInt8], _ start: Int) -> Int {
        var index = start
        while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
        return min(index, bytes.count)
    }

    private static func endOfString(_ bytes: [UInt8], _ start: Int) -> Int {
        var index = start + 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(index + 1, bytes.count)
    }

    private static func endOfValue(_ bytes: [UInt8], _ start: Int) -> Int {
        var depth = 0
        var index = start
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                index = endOfString(bytes, index)
                if depth == 0 { return index }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard depth > 0 else { return index }
                depth -= 1
                if depth == 0 { return index + 1 }
            case UInt8(ascii: ","), 0x20, 0x09, 0x0A, 0x0D:
                if depth == 0 { return index }
            default: break
            }
            index += 1
        }
        return index
    }
}
