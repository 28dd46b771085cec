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
    /// The length of the body, where the head says it.
    package var contentLength: Int?
    /// The client's; `nil` where it has none that can be read.
    package var address: IPAddress?
    /// The request header `x-gatehouse-tenant`.
    package var tenant: String?
    /// The request header `Origin`.
    package var origin: String?
    /// What a browser asks before a page's request; only on OPTIONS.
    package var preflight: CORSPreflight?

    package init(
        method: String,
        path: String,
        query: String? = nil,
        host: String = "",
        credential: Credential = .none,
        pinnedDeployment: String? = nil,
        contentType: String? = nil,
        contentLength: Int? = nil,
        address: IPAddress? = nil,
        tenant: String? = nil,
        origin: String? = nil,
        preflight: CORSPreflight? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.host = host
        self.credential = credential
        self.pinnedDeployment = pinnedDeployment
        self.contentType = contentType
        self.contentLength = contentLength
        self.address = address
        self.tenant = tenant
        self.origin = origin
        self.preflight = preflight
    }
}

/// The one credential that a request may carry (DESIGN §3).
package enum Credential: Sendable, Equatable {
    case none
    case key(String)
    /// From `Authorization: Bearer`: a key or a token.
    case bearer(String)
    /// Two different ones: never "the first wins" (SECURITY K-4).
    case conflicting
}
