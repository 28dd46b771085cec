import GatewayAPI
import GatewayCore
import GatewayStore
import Hummingbird

/// Azure's keys and tokens of an endpoint.
enum AzureKeyCalls {
    @Sendable static func list(_ call: ARMCall) async throws -> Response {
        let pair = try await call.store.keys(call.tenant, try call.endpoint().name)
        return .json(KeyPairResource(primaryKey: pair.primary, secondaryKey: pair.secondary))
    }

    /// A fresh key in one slot, served when this answers.
    ///
    /// The SDK always sends the key that it replaces as `keyValue`; a key of the client's own choice cannot be had.
    @Sendable static func regenerate(_ call: ARMCall) async throws -> Response {
        let endpoint = try call.endpoint().name
        let body = try await call.body()
        guard let slot = (body["keyType"]?.text).flatMap({ KeySlot(rawValue: $0.lowercased()) }) else {
            throw APIError(.invalid, "keyType must be Primary or Secondary", target: "keyType")
        }
        let pair = try await call.store.keys(call.tenant, endpoint)
        let current = slot == .primary ? pair.primary : pair.secondary
        guard body["keyValue"].map({ $0.text == current }) ?? true else {
            throw APIError(
                .invalid,
                "keys are made here and cannot be chosen; leave keyValue out, or send the key that is to be replaced",
                target: "keyValue"
            )
        }
        _ = try await call.store.regenerateKey(call.tenant, endpoint, slot: slot)
        return Response(status: .ok)
    }

    @Sendable static func token(_ call: ARMCall) async throws -> Response {
        let endpoint = try call.endpoint()
        guard endpoint.authModes.contains(.amlToken) else {
            throw APIError(
                .invalid,
                "\(call.tenant)/\(endpoint.name) takes no aml_token; its auth_mode says what it takes"
            )
        }
        guard let token = await call.azure.endpointToken(call.tenant, endpoint.name, call.author) else {
            throw APIError(.failed, "the token could not be signed; ask again")
        }
        return .json(
            [
                "accessToken": .string(token.text),
                "tokenType": "Bearer",
                "expiryTimeUtc": .integer(token.expiresAt),
                "refreshAfterTimeUtc": .integer(token.refreshAt),
            ] as ARMValue
        )
    }
}
