import GatewayAPI
import HTTPTypes
import Hummingbird

/// The document by which Azure's clients find this gateway in place of Azure; open to everybody, and the same for everybody.
struct AzureMetadata: Sendable {
    static let path = "/metadata/endpoints"
    /// Of the blob store: `/store.blob.local/…`.
    static let storageSuffix = "local"
    /// No name of a public cloud: those win over any document.
    private static let cloud = "SelfHosted"

    let adminURL: String

    /// Says the host by which it was asked: the SDK compares the text.
    @Sendable func answer(_ request: Request, _ context: AdminRequestContext) -> Response {
        let base = ARMRoutes.baseURL(of: request) ?? adminURL
        return .json(
            [
                [
                    "name": .string(Self.cloud),
                    "portal": .string(base),
                    "resourceManager": .string(base + "/"),
                    "authentication": [
                        "loginEndpoint": .string(base + "/"), "audiences": [.string(base)], "tenant": "adfs",
                    ],
                    "suffixes": ["storage": .string(Self.storageSuffix)],
                ]
            ] as ARMValue
        )
    }
}
