import GatewayCore
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
            guard value.isFieldValue else { return false }
            if isHarmless(name) { continue }
            let reading = FieldNameReading(name)
            guard reading.isToken, !reading.isDangerousLookalike else { return false }
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

    /// Whether the name is a token that frames nothing and looks like nothing else: nearly all are, and need no second reading.
    private static func isHarmless(_ name: String) -> Bool {
        name.withBytes { bytes in
            switch bytes.count {
            case 0, FieldToken.host.length, FieldToken.contentLength.length, FieldToken.transferEncoding.length:
                return false
            default: break
            }
            var isHarmless = true
            for index in bytes.indices { isHarmless = isHarmless && bytes[index].isToken && bytes[index] != 0x5f }
            return isHarmless
        }
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
