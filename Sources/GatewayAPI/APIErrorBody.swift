/// The body of every refused admin request: `{"error":{"code","message","target","details"}}`.
package struct APIErrorBody: Codable, Sendable, Equatable {
    /// One thing that is wrong.
    package struct Detail: Codable, Sendable, Equatable {
        package var code: String
        package var message: String
        package var target: String?

        package init(code: String, message: String, target: String? = nil) {
            self.code = code
            self.message = message
            self.target = target
        }
    }

    /// What is wrong with the request, with every single cause where there are several.
    package struct Problem: Codable, Sendable, Equatable {
        package var code: String
        package var message: String
        package var target: String?
        package var details: [Detail]?

        package init(code: String, message: String, target: String? = nil, details: [Detail]? = nil) {
            self.code = code
            self.message = message
            self.target = target
            self.details = details
        }
    }

    package var error: Problem

    package init(error: Problem) {
        self.error = error
    }
}
