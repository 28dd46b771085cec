/// Which pages of other origins may call an endpoint.
package struct CORSResource: Codable, Sendable, Hashable {
    package var allowedOrigins: [String]
    package var allowedMethods: [String]
    package var allowedHeaders: [String]
    package var exposedHeaders: [String]
    package var allowCredentials: Bool
    /// Seconds that a browser may keep the answer to a preflight.
    package var maxAge: Int

    package init(
        allowedOrigins: [String],
        allowedMethods: [String] = ["GET", "POST"],
        allowedHeaders: [String] = [],
        exposedHeaders: [String] = [],
        allowCredentials: Bool = false,
        maxAge: Int = 600
    ) {
        self.allowedOrigins = allowedOrigins
        self.allowedMethods = allowedMethods
        self.allowedHeaders = allowedHeaders
        self.exposedHeaders = exposedHeaders
        self.allowCredentials = allowCredentials
        self.maxAge = maxAge
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case allowedOrigins
        case allowedMethods
        case allowedHeaders
        case exposedHeaders
        case allowCredentials
        case maxAge
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            allowedOrigins: try members.decode([String].self, forKey: .allowedOrigins),
            allowedMethods: try members.value(.allowedMethods, or: ["GET", "POST"]),
            allowedHeaders: try members.value(.allowedHeaders, or: []),
            exposedHeaders: try members.value(.exposedHeaders, or: []),
            allowCredentials: try members.value(.allowCredentials, or: false),
            maxAge: try members.value(.maxAge, or: 600)
        )
    }
}
