import Foundation
import GatewayCore
import GatewayStore
import GatewayTokens
import Logging
import ServiceLifecycle

/// What keys need beside requests: rotation when it is due, an end for replaced ones, and fresh keys of issuers.
struct KeyUpkeepService: Service {
    private static let interval = Duration.seconds(10)
    /// Age of the built-in issuer's signing key, in seconds.
    private static let signingKeyAge: Int64 = 30 * 86_400

    let store: Store
    let trust: TokenTrust
    let outbox: WebhookOutbox
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            async let refresh: Void = trust.service.run()
            while !Task.isCancelled {
                await keep()
                try? await Task.sleep(for: Self.interval)
            }
            await refresh
        }
    }

    private func keep() async {
        let now = Int64(Date().timeIntervalSince1970)
        do {
            for key in try await store.rotateDue(now: now) {
                outbox.emit(.keyRotated(key, at: now * 1000))
                logger.info(
                    "a key was rotated",
                    metadata: ["endpoint": "\(key.tenant)/\(key.endpoint)", "key": "\(key.slot.rawValue)"]
                )
            }
            _ = try await store.dropExpired(now: now)
            try await trust.rotateKeys(olderThan: Self.signingKeyAge, in: store)
        } catch {
            logger.error("keys are not kept up", metadata: ["reason": "\(error)"])
        }
    }
}
