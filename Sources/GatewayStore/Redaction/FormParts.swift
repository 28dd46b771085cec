import GatewayCore

/// The parts of a body that is `multipart/form-data` (RFC 7578), as far as they came.
struct FormParts {
    struct Part {
        /// As it is spelled; empty where it has none.
        let name: String
        let content: Range<Int>
    }

    private(set) var parts: [Part] = []

    /// - Returns: `nil` when the message is another type.
    init?(_ message: CapturedMessage) {
        guard message.contentType == "multipart/form-data", let type = message.first("content-type") else { return nil }
        let body = message.body
        let boundary = Self.parameters(of: type).first { $0.name == "boundary" }?.value ?? ""
        var delimiter = Array("--\(boundary)".utf8)
        // What it says to be its boundary may not be what stands there.
        if boundary.isEmpty || Self.line(of: delimiter, in: body, from: 0) == nil {
            delimiter = Array(body.prefix { $0 != 0x0a && $0 != 0x0d })
            guard delimiter.starts(with: "--".utf8), delimiter.count > 2 else { return }
        }
        var start = Self.line(of: delimiter, in: body, from: 0)
        while let here = start {
            let headStart = (body[here...].firstIndex(of: 0x0a) ?? body.count - 1) + 1
            let next = Self.line(of: delimiter, in: body, from: headStart)
            if let content = Self.content(of: body, headStart..<(next ?? body.count), isLast: next == nil) {
                let head = String(decoding: body[headStart..<content.lowerBound], as: UTF8.self)
                parts.append(Part(name: Self.name(in: head), content: content))
            }
            start = next
        }
    }

    /// Where a line begins with the delimiter.
    private static func line(of delimiter: [UInt8], in body: [UInt8], from start: Int) -> Int? {
        var at = start
        while at < body.count {
            if body[at...].starts(with: delimiter) { return at }
            guard let end = body[at...].firstIndex(of: 0x0a) else { return nil }
            at = end + 1
        }
        return nil
    }

    /// What stands behind a part's empty line, without the line's end that belongs to the delimiter.
    private static func content(of body: [UInt8], _ part: Range<Int>, isLast: Bool) -> Range<Int>? {
        var at = part.lowerBound
        while at < part.upperBound, let end = body[at..<part.upperBound].firstIndex(of: 0x0a) {
            let isEmpty = end == at || end == at + 1 && body[at] == 0x0d
            at = end + 1
            guard isEmpty else { continue }
            var stop = part.upperBound
            if !isLast, stop > at, body[stop - 1] == 0x0a { stop -= 1 }
            if !isLast, stop > at, body[stop - 1] == 0x0d { stop -= 1 }
            return at..<stop
        }
        return nil
    }

    private static func name(in head: String) -> String {
        for line in head.split(whereSeparator: \.isNewline) where line.lowercased().hasPrefix("content-disposition:") {
            if let name = parameters(of: String(line)).first(where: { $0.name == "name" }) {
                return name.value
            }
        }
        return ""
    }

    /// Of `type; name=value; name="value"`.
    private static func parameters(of text: String) -> [(name: String, value: String)] {
        var parts = [""]
        var (isQuoted, isEscaped) = (false, false)
        for character in text {
            if isEscaped {
                parts[parts.count - 1].append(character)
                isEscaped = false
            } else if isQuoted, character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
            } else if character == ";", !isQuoted {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
        }
        return parts.dropFirst().compactMap { part in
            guard let equals = part.firstIndex(of: "=") else { return nil }
            let name = part[..<equals].filter { !$0.isWhitespace }.lowercased()
            return (name, String(part[part.index(after: equals)...].trimmingPrefix(while: \.isWhitespace)))
        }
    }
}
