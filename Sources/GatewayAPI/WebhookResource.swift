/// Where a tenant is told of events, as the admin API shows and takes it.
package struct WebhookResource: Codable, Sendable, Equatable {
    /// In a request it may be left out: the URL has it.
    package var tenant: String
    /// In a PUT it may be left out: the URL has it.
    package var name: String
    package var url: String
    /// Names of events; empty = all.
    package var events: [String]
    /// Values are sealed: answers have `hidden` in their place.
    package var headers: [String: String]
    /// What signatures are made with: only in the answer that made it.
    package var secret: String?

    /// Stands for a value that is not shown.
    package static let hidden = "••••"

    package init(
        tenant: String,
        name: String,
        url: String,
        events: [String] = [],
        headers: [String: String] = [:],
        secret: String? = nil
    ) {
        self.tenant = tenant
        self.name = name
        self.url = url
        self.events = events
        self.headers = headers
        self.secret = secret
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case tenant
        case name
        case url
        case events
        case headers
        case secret
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            tenant: try members.value(.tenant, or: ""),
            name: try members.value(.name, or: ""),
            url: try members.decode(String.self, forKey: .url),
            events: try members.value(.events, or: []),
            headers: try members.value(.headers, or: [:]),
            secret: try members.value(.secret)
        )
    }
}
