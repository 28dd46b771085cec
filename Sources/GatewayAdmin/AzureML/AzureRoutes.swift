import GatewayAPI
import HTTPTypes
import Hummingbird

/// Azure's dialect on the admin listener: its metadata, its resource manager's paths, its blob store.
enum AzureRoutes {
    private static let methods: [HTTPRequest.Method] = [.get, .put, .post, .delete, .patch, .head]

    static func add(to router: Router<AdminRequestContext>, _ controlPlane: ControlPlane) {
        router.get(RouterPath(AzureMetadata.path), use: AzureMetadata(adminURL: controlPlane.azure.adminURL).answer)
        let resources = ARMRoutes(controlPlane: controlPlane)
        let blobs = BlobRoutes(
            shelf: controlPlane.azure.shelf,
            signature: controlPlane.azure.signature,
            store: controlPlane.store
        )
        for method in methods {
            router.on("/subscriptions/**", method: method, use: resources.answer)
            router.on(RouterPath("\(BlobRoutes.root)/**"), method: method, use: blobs.answer)
        }
    }

    /// Whether a request needs no operator: the metadata, and blobs behind a signature, which `BlobRoutes` checks.
    static func isOpen(_ request: Request) -> Bool {
        if request.method == .get, request.uri.path == AzureMetadata.path { return true }
        return request.uri.path.hasPrefix(BlobRoutes.root + "/") && request.headers[.authorization] == nil
            && request.uri.queryParameters["sig"] != nil
    }
}

extension Routes {
    func addAzureML(to router: Router<AdminRequestContext>) { AzureRoutes.add(to: router, controlPlane) }
}
