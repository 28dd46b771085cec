/// An endpoint, as the admin API shows and takes it.
package struct EndpointResource: Codable, Sendable, Equatable {
    /// In a PUT it may be left out: the URL has it.
    package var tenant: String
    /// In a PUT it may be left out: the URL has it.
    package var name: String
    package var description: String
    package var authMode: String
    package var traffic: [String: Int]
    package var modelNames: [String]
    package var hosts: [String]
    package var tags: [String: String]
    package var properties: [String: String]
    /// Where applications call; only in answers.
    package var scoringUri: String?

    package init(
        tenant: String,
        name: String,
        description: String = "",
        authMode: String = "key",
        traffic: [String: Int] = [:],
        modelNames: [String] = [],
        hosts: [String] = [],
        tags: [String: String] = [:],
        properties: [String: String] = [:],
        scoringUri: String? = nil
    ) {
        self.tenant = tenant
        self.name = name
        self.description = description
        self.authMode = authMode
        self.traffic = traffic
        self.modelNames = modelNames
        self.hosts = hosts
        self.tags = tags
        self.properties = properties
        self.scoringUri = scoringUri
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case tenant
        case name
        case description
        case authMode
        case traffic
        case modelNames
        case hosts
        case tags
        case properties
        case scoringUri
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            tenant: try members.decodeIfPresent(String.self, forKey: .tenant) ?? "",
            name: try members.decodeIfPresent(String.self, forKey: .name) ?? "",
            description: try members.decodeIfPresent(String.self, forKey: .description) ?? "",
            authMode: try members.decodeIfPresent(String.self, forKey: .authMode) ?? "key",
            traffic: try members.decodeIfPresent([String: Int].self, forKey: .traffic) ?? [:],
            modelNames: try members.decodeIfPresent([String].self, forKey: .modelNames) ?? [],
            hosts: try members.decodeIfPresent([String].self, forKey: .hosts) ?? [],
            tags: try members.decodeIfPresent([String: String].self, forKey: .tags) ?? [:],
            properties: try members.decodeIfPresent([String: String].self, forKey: .properties) ?? [:],
            scoringUri: try members.decodeIfPresent(String.self, forKey: .scoringUri)
        )
    }
}
