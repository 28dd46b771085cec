/// What Azure's dialect needs beside the control plane.
package struct AzureDialect: Sendable {
    /// An `aml_token` as it was made.
    package struct EndpointToken: Sendable, Equatable {
        package let text: String
        /// Seconds since 1970.
        package let expiresAt: Int64
        package let refreshAt: Int64

        package init(text: String, expiresAt: Int64, refreshAt: Int64) {
            self.text = text
            self.expiresAt = expiresAt
            self.refreshAt = refreshAt
        }
    }

    /// Uploaded files, one folder per tenant.
    let shelf: BlobShelf
    let signature = BlobSignature()
    let runtimes: RuntimeTable
    /// The admin listener's own URL, for clients that name no host.
    let adminURL: String
    /// Makes a token that opens one endpoint; `nil` when the cryptography fails.
    let endpointToken: @Sendable (_ tenant: String, _ endpoint: String, _ subject: String) async -> EndpointToken?

    /// - Parameter artifacts: path of the folder for uploaded files.
    package init(
        artifacts: String,
        runtimes: RuntimeTable,
        adminURL: String,
        endpointToken:
            @escaping @Sendable (_ tenant: String, _ endpoint: String, _ subject: String) async
            -> EndpointToken?
    ) {
        shelf = BlobShelf(folder: ArtifactFolder(root: artifacts), allowance: BlobAllowance())
        self.runtimes = runtimes
        self.adminURL = adminURL
        self.endpointToken = endpointToken
    }
}
