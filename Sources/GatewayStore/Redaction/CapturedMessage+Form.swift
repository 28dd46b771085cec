package import GatewayCore

/// What kind of body a message has.
package enum BodyForm {
    case json
    /// Events, or one JSON text to a line.
    case lines
    /// `name=value&…`
    case pairs
    case other
}

extension CapturedMessage {
    /// In lower case, without parameters; empty when there is none.
    package var contentType: String {
        // Byte by byte: this is asked several times of every capture.
        let type = first("content-type")?.utf8.prefix { $0 != UInt8(ascii: ";") }.filter { $0 != 0x20 } ?? []
        return String(decoding: type, as: UTF8.self).lowercased()
    }

    package var form: BodyForm {
        let first = body.first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
        switch contentType {
        // Clients that name no type are made to say this one.
        case "application/x-www-form-urlencoded": return first == UInt8(ascii: "{") ? .json : .pairs
        case "text/event-stream", "application/x-ndjson", "application/jsonl", "application/jsonlines": return .lines
        case let type where type == "application/json" || type.hasSuffix("+json"): return .json
        default:
            // Whatever it calls itself.
            return first == UInt8(ascii: "{") || first == UInt8(ascii: "[") ? .json : .other
        }
    }

    /// Pictures, sound and film: nothing in them is text, unless they are.
    var isMedia: Bool { isCalledMedia && !isText }

    var isCalledMedia: Bool {
        let type = contentType.utf8
        return ["image/", "audio/", "video/"].contains { type.starts(with: $0.utf8) }
    }

    /// Whether the body can be shown, and searched, as text.
    package var isText: Bool {
        !body.isEmpty && !body.prefix(512).contains { $0 < 0x09 || (0x0E..<0x20).contains($0) && $0 != 0x1B }
    }
}
