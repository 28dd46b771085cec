import GatewayStore
import Logging
import ServiceLifecycle

/// Reads the files that `${file:…}` names again, so that a changed secret is used within 5 s (DESIGN §4).
struct SecretRefreshService: Service {
    let store: Store
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(3))
                do throws(StoreError) {
                    try await store.refresh()
                } catch {
                    logger.error("secrets stay as they were", metadata: ["reason": "\(error)"])
                }
            }
        }
    }
}
