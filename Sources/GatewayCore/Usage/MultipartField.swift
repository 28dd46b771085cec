/// Finds a small text field in a `multipart/form-data` body (RFC 7578) without decoding the files beside it.
enum MultipartField {
    /// The boundary parameter of a multipart content type; `nil` for other types.
    static func boundary(in contentType: String) -> String? {
        guard contentType.lowercased().hasPrefix("multipart/form-data") else { return nil }
        for parameter in contentType.split(separator: ";").dropFirst() {
            let pair = parameter.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, pair[0].trimmed.lowercased() == "boundary" else { continue }
            let value = pair[1].trimmed
            return value.hasPrefix("\"") && value.hasSuffix("\"") && value.count > 1
                ? String(value.dropFirst().dropLast()) : String(value)
        }
        return nil
    }

    /// The ranges of the contents of all parts with that name.
    static func find(_ name: String, in bytes: borrowing Span<UInt8>, boundary: String) -> [Range<Int>] {
        let delimiter = Array("--\(boundary)".utf8)
        var found: [Range<Int>] = []
        var at = 0
        // The line end belongs to the delimiter: a longer boundary that begins alike is another one.
        while let start = JSONScan.search(bytes, for: delimiter + [13, 10], from: at) {
            let headStart = start + delimiter.count
            guard let headEnd = JSONScan.search(bytes, for: [13, 10, 13, 10], from: headStart),
                let next = JSONScan.search(bytes, for: [13, 10] + delimiter, from: headEnd + 2)
            else { return found }
            let head = JSONScan.plain(bytes, headStart..<headEnd)
            if head.contains("name=\"\(name)\""), !head.contains("filename=") {
                found.append(headEnd + 4..<max(headEnd + 4, next))
            }
            at = next + 2
        }
        return found
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = self
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}

extension JSONScan {
    /// The bytes of a range as text.
    static func plain(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> String {
        var units: [UInt8] = []
        units.reserveCapacity(range.count)
        for index in range { units.append(bytes[index]) }
        return String(decoding: units, as: UTF8.self)
    }

    /// The first place at or behind `start` where the pattern stands.
    static func search(_ bytes: borrowing Span<UInt8>, for pattern: [UInt8], from start: Int) -> Int? {
        guard let first = pattern.first, bytes.count >= pattern.count else { return nil }
        var at = start
        while at <= bytes.count - pattern.count {
            if bytes[at] == first {
                var matched = 1
                while matched < pattern.count, bytes[at + matched] == pattern[matched] { matched += 1 }
                if matched == pattern.count { return at }
            }
            at += 1
        }
        return nil
    }
}
