/// What admission needs to know of a request's head, already checked and normalised by the proxy's rules.
///
/// A class, so that handing it on costs one retain instead of a dozen.
package final class RequestHead: Sendable {
    package let method: String
    /// Normalised: unreserved escapes decoded, dot segments resolved.
    ///
    /// What is authorised is what is forwarded.
    package let path: String
    /// Without the `?`; `nil` when there is none.
    package let query: String?
    /// Lower case, without a port; empty when an HTTP/1.0 client sent none.
    package let host: String
    package let credential: Credential
    /// The request header `azureml-model-deployment`.
    package let pinnedDeployment: String?
    package let contentType: String?
    /// The length of the body, where the head says it.
    package let contentLength: Int?
    /// The client's; `nil` where it has none that can be read.
    package let address: IPAddress?
    /// The request header `x-gatehouse-tenant`.
    package let tenant: String?
    /// The request header `Origin`.
    package let origin: String?
    /// What a browser asks before a page's request; only on OPTIONS.
    package let preflight: CORSPreflight?

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
