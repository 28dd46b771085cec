import NIOHTTP1

/// The last line before bytes go out as HTTP/1 (H2-5): whatever came before, nothing that could be read as two messages
/// is written.
enum WriteRules {
    /// Whether a request of this method, target and header list is one request to every reader.
    static func isSafeToWrite(method: HTTPMethod, target: String, headers: HTTPHeaders) -> Bool {
        guard isToken(method.rawValue), isTarget(target) else { return false }
        return areSafe(headers)
    }

    /// Whether the header list is one list to every reader, with at most one way to tell where the body ends.
    static func areSafe(_ headers: HTTPHeaders) -> Bool {
        var framing = 0
        var hosts = 0
        for (name, value) in headers {
            let reading = FieldNameReading(name)
            guard reading.isToken, value.isFieldValue, !reading.isDangerousLookalike else { return false }
            switch reading.name {
            case .contentLength:
                framing += 1
                guard value.contentLength != nil else { return false }
            case .transferEncoding:
                framing += 1
                guard value.isWord(.chunked) else { return false }
            case .host: hosts += 1
            default: break
            }
        }
        return framing <= 1 && hosts <= 1
    }

    private static func isToken(_ text: String) -> Bool {
        text.withBytes { FieldNameReading($0).isToken }
    }

    private static func isTarget(_ text: String) -> Bool {
        text.withBytes { bytes in
            guard bytes.count > 0, bytes[0] == 0x2f else { return false }
            for index in bytes.indices where !bytes[index].isVisible { return false }
            return true
        }
    }
}
