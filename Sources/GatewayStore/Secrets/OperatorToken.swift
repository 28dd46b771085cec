import Foundation
import GatewayCore

/// The secret that opens the admin API on this machine; lies beside the store as `operator.token`, mode 0600.
package struct OperatorToken: Sendable {
    package let text: String

    package static func path(beside store: String) -> String {
        URL(fileURLWithPath: store).deletingLastPathComponent().appendingPathComponent("operator.token").path
    }

    /// The token beside the store, made when it is missing.
    package static func loadOrCreate(beside store: String) throws(StoreError) -> OperatorToken {
        let path = path(beside: store)
        try PrivateFile.makeParent(of: path)
        if let text = try PrivateFile.read(path) { return try OperatorToken(checked: text, path) }
        let made = KeySecret.generate().text
        if try PrivateFile.create(path, text: made) { return OperatorToken(text: made) }
        return try OperatorToken(checked: try PrivateFile.read(path) ?? "", path)
    }

    private init(text: String) {
        self.text = text
    }

    private init(checked text: String, _ path: String) throws(StoreError) {
        guard text.utf8.count >= 32 else {
            throw .unavailable("\(path) holds less than 32 characters; remove it to have a new token made")
        }
        self.init(text: text)
    }
}
