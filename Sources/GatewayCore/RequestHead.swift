/// What admission needs to know of a request's head, already checked and normalised by the proxy's rules.
package struct RequestHead: Sendable, Equatable {
    package var method: String
    /// Normalised: unreserved escapes decoded, dot segments resolved.
    ///
    /// What is authorised is what is forwarded.
    package var path: String
    /// Without the `?`; `nil` when there is none.
    package var query: String?
    /// Lower case, without a port; empty when an HTTP/1.0 client sent none.
    package var host: String
    package var credential: Credential
    /// The request header `azureml-model-deployment`.
    package var pinnedDeployment: String?
    package var contentType: String?

    package init(
        method: String,
        path: String,
        query: String? = nil,
        host: String = "",
        credential: Credential = .none,
        pinnedDeployment: String? = nil,
        contentType: String? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.host = host
        self.credential = credential
        self.pinnedDeployment = pinnedDeployment
        self.contentType = contentType
    }
}

/// The one credential that a request may carry (DESIGN §3).
package enum Credential: Sendable, Equatable {
    case none
    case key(String)
    /// Two different ones: never "the first wins" (SECURITY K-4).
    case conflicting
}
