import GatewayCore

/// A request target taken apart: authority (absolute form), normalised path and untouched query.
struct RequestTarget: Equatable {
    let authority: String?
    let path: String
    let query: String?

    init(_ text: String, over version: HTTPVersionKind) throws(RequestFault) {
        let shape = text.withBytes { Shape($0) }
        if let fault = shape.fault { throw fault }
        guard shape.pathStart == 0 || version == .http1 else { throw .target }
        guard shape.pathStart > 0 || shape.needsNormalising || shape.pathEnd < text.utf8.count else {
            // The usual target: nothing to take apart, nothing to copy.
            (authority, path, query) = (nil, text, nil)
            return
        }
        let utf8 = text.utf8
        let pathStart = utf8.index(utf8.startIndex, offsetBy: shape.pathStart)
        let pathEnd = utf8.index(utf8.startIndex, offsetBy: shape.pathEnd)
        let authorityStart = utf8.index(pathStart, offsetBy: -shape.authority)
        authority = shape.pathStart > 0 ? String(text[authorityStart..<pathStart]) : nil
        query = pathEnd < utf8.endIndex ? String(text[utf8.index(after: pathEnd)...]) : nil
        path = try PathNormaliser.normalise(text[pathStart..<pathEnd], if: shape.needsNormalising)
    }

    /// What one pass over the bytes finds out.
    private struct Shape {
        var fault: RequestFault?
        var pathStart = 0
        var pathEnd = 0
        /// The length of the authority in front of the path; 0 for origin form.
        var authority = 0
        var needsNormalising = false

        init(_ bytes: Span<UInt8>) {
            guard bytes.count > 0 else {
                fault = .target
                return
            }
            if bytes[0] != 0x2f { readAbsoluteForm(bytes) }
            if fault == nil { readPath(bytes) }
            if fault == nil { checkQuery(bytes) }
        }

        private mutating func readAbsoluteForm(_ bytes: Span<UInt8>) {
            if bytes.count == 1, bytes[0] == 0x2a {
                fault = .asterisk
                return
            }
            guard let start = schemeEnd(bytes) else { return }
            var index = start
            while index < bytes.count, bytes[index] != 0x2f, bytes[index] != 0x3f, bytes[index] != 0x23 { index += 1 }
            authority = index - start
            pathStart = index
            if authority == 0 { fault = .host }
        }

        /// Where `http://` or `https://` ends; sets the fault when there is neither.
        private mutating func schemeEnd(_ bytes: Span<UInt8>) -> Int? {
            var token = FieldToken()
            var index = 0
            while index < bytes.count, index < 16, bytes[index].isToken {
                token.append(bytes[index])
                index += 1
            }
            guard index + 2 < bytes.count, bytes[index] == 0x3a, bytes[index + 1] == 0x2f, bytes[index + 2] == 0x2f
            else {
                fault = .target
                return nil
            }
            guard token == .http || token == .https else {
                fault = .scheme
                return nil
            }
            return index + 3
        }

        private mutating func readPath(_ bytes: Span<UInt8>) {
            var index = pathStart
            var previous: UInt8 = 0
            while index < bytes.count {
                let byte = bytes[index]
                if byte == 0x3f { break }
                guard byte.isVisible else { return fault = .targetBytes }
                guard byte != 0x5c else { return fault = .targetEscape }
                guard byte != 0x23 else { return fault = .fragment }
                if byte == 0x25 || (byte == 0x2e && previous == 0x2f) { needsNormalising = true }
                previous = byte
                index += 1
            }
            pathEnd = index
            if pathEnd == pathStart { needsNormalising = true }
        }

        private mutating func checkQuery(_ bytes: Span<UInt8>) {
            var index = pathEnd
            while index < bytes.count {
                let byte = bytes[index]
                guard byte.isVisible else { return fault = .targetBytes }
                guard byte != 0x23 else { return fault = .fragment }
                index += 1
            }
        }
    }
}

extension FieldToken {
    fileprivate static let http = FieldToken("http")
    fileprivate static let https = FieldToken("https")
}
