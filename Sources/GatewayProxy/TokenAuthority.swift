package import GatewayCore

/// What an exchange asks beside its event loop: whether a token is genuine, and the built-in issuer's answers.
package struct TokenAuthority: Sendable {
    /// A request to the built-in issuer.
    package struct Call: Sendable {
        package let method: String
        package let path: String
        /// Host and port as the client gave them.
        package let host: String
        package let contentType: String?
        package let authorization: String?
        package let body: [UInt8]
    }

    /// An answer as it goes to the client.
    package struct Answer: Sendable {
        package let status: Int
        package let headers: [(String, String)]
        package let body: [UInt8]

        package init(status: Int, headers: [(String, String)], body: [UInt8]) {
            self.status = status
            self.headers = headers
            self.body = body
        }
    }

    package let verify: @Sendable (String) async -> VerifiedToken?
    /// Answers with an `aml_token`.
    package let issue: @Sendable (EndpointTokenRequest) async -> Answer
    package let answer: @Sendable (Call) async -> Answer

    package init(
        verify: @escaping @Sendable (String) async -> VerifiedToken?,
        issue: @escaping @Sendable (EndpointTokenRequest) async -> Answer,
        answer: @escaping @Sendable (Call) async -> Answer
    ) {
        self.verify = verify
        self.issue = issue
        self.answer = answer
    }

    /// Trusts no token and issues none.
    package static let none = TokenAuthority(
        verify: { _ in nil },
        issue: { _ in notFound },
        answer: { _ in notFound }
    )

    private static let notFound = Answer(status: 404, headers: [], body: [])
}
