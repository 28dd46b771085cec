import Foundation
import GatewayCore
import GatewayStore

/// A captured body by what a line of JSON can hold of it.
enum ExportedBody {
    case empty
    /// A whole JSON text, on one line.
    case json(String)
    case text(String)
    /// What is no text.
    case bytes([UInt8])

    init(_ message: CapturedMessage) {
        guard !message.body.isEmpty else {
            self = .empty
            return
        }
        guard message.isText, let text = Self.text(message) else {
            self = .bytes(message.body)
            return
        }
        let mayBeJSON = message.form == .json && !message.isTruncated
        self = mayBeJSON ? JSONLineText.line(of: message.body).map(ExportedBody.json) ?? .text(text) : .text(text)
    }

    /// Base64 where it is no text.
    var value: ExportValue {
        switch self {
        case .empty: ""
        case .json(let line): .raw(line)
        case .text(let text): .text(text)
        case .bytes(let bytes): .text(Data(bytes).base64EncodedString())
        }
    }

    /// `nil` when the bytes are none; what is cut may end within a character.
    private static func text(_ message: CapturedMessage) -> String? {
        let most = message.isTruncated ? 3 : 0
        for missing in 0...min(most, message.body.count) {
            if let text = String(validating: message.body.dropLast(missing), as: UTF8.self) { return text }
        }
        return nil
    }
}
