/// When an endpoint's keys are replaced by themselves, the primary and the secondary in turn.
package struct KeyRotationResource: Codable, Sendable, Hashable {
    /// Seconds from one rotation to the next.
    package var every: Int64
    /// Seconds that the replaced key still opens.
    package var overlap: Int64

    package init(every: Int64, overlap: Int64) {
        self.every = every
        self.overlap = overlap
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case every
        case overlap
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            every: try members.decode(Int64.self, forKey: .every),
            overlap: try members.decode(Int64.self, forKey: .overlap)
        )
    }
}
