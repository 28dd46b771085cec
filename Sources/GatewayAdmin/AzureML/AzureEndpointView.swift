import Foundation
import GatewayAPI
import GatewayCore
import GatewayStore

/// Shows an endpoint in Azure's shape.
struct AzureEndpointView {
    let call: ARMCall
    let endpoint: EndpointDefinition
    let record: AzureRecord?
    /// `Succeeded`, `Updating` and so on.
    let state: String

    var json: ARMValue {
        let kept = record.flatMap { AzureBody.read($0.body) } ?? [:]
        return .members([
            "id": .string(id),
            "name": .string(endpoint.name),
            "type": .string(ARMScope.type("onlineEndpoints")),
            "location": .string(AzureLocation.name),
            "kind": "Managed",
            "tags": .texts(endpoint.tags),
            "identity": kept["identity"] ?? ["type": "SystemAssigned"],
            "systemData": record.map(AzureBody.systemData),
            "properties": properties,
        ])
    }

    private var id: String { "\(call.scope.id)/onlineEndpoints/\(endpoint.name)" }

    private var properties: ARMValue {
        .members([
            "authMode": .string(Self.word(of: endpoint)),
            "description": endpoint.description.isEmpty ? nil : .string(endpoint.description),
            "properties": .texts(endpoint.properties),
            "traffic": .object(endpoint.traffic.filter { $0.value != 0 }.mapValues { .integer(Int64($0)) }),
            "mirrorTraffic": .object(endpoint.mirrorTraffic.mapValues { .integer(Int64($0)) }),
            "publicNetworkAccess": endpoint.isPrivate ? "Disabled" : "Enabled",
            "provisioningState": .string(state),
            "scoringUri": .string("\(call.controlPlane.publicURL)/\(endpoint.tenant)/\(endpoint.name)/score"),
            "swaggerUri": .string("\(call.baseURL)\(id)/openapi"),
        ])
    }

    /// Azure's spelling; one that is open to everybody has none there.
    private static func word(of endpoint: EndpointDefinition) -> String {
        switch AuthModes.word(of: endpoint.authModes.map(\.rawValue)) {
        case "aad_token": "AADToken"
        case "aml_token": "AMLToken"
        case "none": "None"
        default: "Key"
        }
    }
}

/// Bodies as they lie in the store.
enum AzureBody {
    /// Of one resource: what is kept is read again and again.
    private static let longest = 64 << 10

    static func text(_ value: ARMValue) throws(APIError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let bytes = try? encoder.encode(value) else {
            throw APIError(.invalid, "the body holds what JSON cannot express")
        }
        guard bytes.count <= longest else {
            throw APIError(
                .tooLarge,
                "the resource has \(bytes.count) bytes as JSON; \(longest >> 10) KiB are the most"
            )
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func read(_ text: String) -> ARMValue? { try? JSONDecoder().decode(ARMValue.self, from: Data(text.utf8)) }

    static func systemData(_ record: AzureRecord) -> ARMValue {
        [
            "createdBy": .string(record.createdBy),
            "createdByType": "User",
            "createdAt": .string(WireTime.text(record.createdAt)),
            "lastModifiedBy": .string(record.createdBy),
            "lastModifiedByType": "User",
            "lastModifiedAt": .string(WireTime.text(record.modifiedAt)),
        ]
    }
}
