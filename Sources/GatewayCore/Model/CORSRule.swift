/// Which pages of other origins may call an endpoint, as an admin described it (Fetch standard).
package struct CORSRule: Sendable, Hashable, Codable {
    /// Whole origins such as `https://app.example.com`, or `*` alone, which excludes credentials.
    package var allowedOrigins: [String]
    package var allowedMethods: [String]
    /// Request headers besides those that the gateway itself reads; `*` = all that are asked for.
    package var allowedHeaders: [String]
    /// Response headers besides those of CONVENTIONS §6.
    package var exposedHeaders: [String]
    package var allowsCredentials: Bool
    /// Seconds that a browser may keep the answer to a preflight.
    package var maxAge: Int

    package init(
        allowedOrigins: [String],
        allowedMethods: [String] = ["GET", "POST"],
        allowedHeaders: [String] = [],
        exposedHeaders: [String] = [],
        allowsCredentials: Bool = false,
        maxAge: Int = 600
    ) {
        self.allowedOrigins = allowedOrigins
        self.allowedMethods = allowedMethods
        self.allowedHeaders = allowedHeaders
        self.exposedHeaders = exposedHeaders
        self.allowsCredentials = allowsCredentials
        self.maxAge = maxAge
    }
}

/// What callers of a closed endpoint are told.
package struct Maintenance: Sendable, Hashable, Codable {
    package var message: String
    /// Seconds.
    package var retryAfter: Int

    package init(message: String, retryAfter: Int) {
        self.message = message
        self.retryAfter = retryAfter
    }
}
