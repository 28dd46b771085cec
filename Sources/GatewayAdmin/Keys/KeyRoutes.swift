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
        let pair = try await store.regenerateKey(
            context.name("tenant"),
            context.name("endpoint"),
            slot: slot,
            grace: try KeyGrace.seconds(asked.graceSeconds)
        )
        return .json(KeyPairResource(pair))
    }
}

/// How long a replaced key still opens.
enum KeyGrace {
    /// A year and a day.
    static let longest: Int64 = 31_622_400

    static func seconds(_ asked: Int64?) throws(APIError) -> Int64 {
        let seconds = asked ?? 0
        guard (0...longest).contains(seconds) else {
            throw APIError(.invalid, "graceSeconds must be 0 to \(longest)", target: "graceSeconds")
        }
        return seconds
    }
}

extension KeyPairResource {
    fileprivate init(_ pair: KeyPair) {
        self.init(primaryKey: pair.primary, secondaryKey: pair.secondary)
    }
}
