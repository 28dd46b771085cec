/// What callers of a closed endpoint are told, with 503.
package struct MaintenanceResource: Codable, Sendable, Hashable {
    package var message: String
    /// Seconds.
    package var retryAfter: Int

    package init(message: String, retryAfter: Int = 60) {
        self.message = message
        self.retryAfter = retryAfter
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case message
        case retryAfter
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            message: try members.decode(String.self, forKey: .message),
            retryAfter: try members.value(.retryAfter, or: 60)
        )
    }
}
