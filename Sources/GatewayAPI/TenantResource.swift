/// A tenant, as the admin API shows and takes it.
package struct TenantResource: Codable, Sendable, Equatable {
    package var name: String

    package init(name: String) {
        self.name = name
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name
    }

    package init(from decoder: any Decoder) throws {
        name = try decoder.members(CodingKeys.self).decodeIfPresent(String.self, forKey: .name) ?? ""
    }
}
