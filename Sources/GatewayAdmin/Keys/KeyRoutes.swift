import GatewayAPI
import GatewayCore
import GatewayStore
import Hummingbird

/// What `/api/v1/tenants/{tenant}/endpoints/{endpoint}/keys` answers.
struct KeyRoutes: Sendable {
    let store: Store

    @Sendable func list(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        .json(KeyPairResource(try await store.keys(context.name("tenant"), context.name("endpoint"))))
    }

    @Sendable func regenerate(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let asked = try await JSONBody.decode(KeyRegeneration.self, from: request)
        guard let slot = KeySlot(rawValue: asked.slot) else {
            throw APIError(.invalid, "slot must be primary or secondary", target: "slot")
        }
        let pair = try await store.regenerateKey(context.name("tenant"), context.name("endpoint"), slot: slot)
        return .json(KeyPairResource(pair))
    }
}

extension KeyPairResource {
    fileprivate init(_ pair: KeyPair) {
        self.init(primaryKey: pair.primary, secondaryKey: pair.secondary)
    }
}
