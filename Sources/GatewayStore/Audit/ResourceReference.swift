import Foundation
import GatewayCore

/// A resource of the configuration, whichever kind it is of.
package struct ResourceReference: Sendable, Hashable {
    /// Kinds are told apart by this and not by the path: an endpoint may be called `roles`.
    package enum Kind: String, Sendable, CaseIterable {
        case tenant
        case endpoint
        case deployment
        /// `demo/chat/blue/secrets/backend-key`.
        case deploymentSecret
        case model
        /// A version that Azure's clients registered: `demo/environments/base:1`.
        case asset
        /// An uploaded file: `demo/blobs/LocalUpload/m.gguf`.
        case blob
        case endpointKey
        case namedKey
        case principal
        case issuer
        case role
        case webhook
        case certificate
        case `operator`
        /// One that somebody ended before it was done: `demo/operations/ID`.
        case operation
        /// Captured requests that were sent once more, by the deployment that got them.
        case replay
        /// One that a reviewer labelled or deleted: `demo/captures/4711`.
        case capture
    }

    package let kind: Kind
    /// `demo`, `demo/chat`, `demo/roles/callers` and the like.
    package let path: String

    package init(_ kind: Kind, _ path: String) {
        self.kind = kind
        self.path = path
    }

    /// Whose it is; `nil` for what belongs to the gateway.
    package var tenant: String? {
        switch kind {
        case .certificate, .operator: nil
        case .tenant, .endpoint, .deployment, .deploymentSecret, .model, .asset, .blob, .endpointKey, .namedKey,
            .principal, .issuer, .role, .webhook, .operation, .replay, .capture:
            path.split(separator: "/").first.map(String.init)
        }
    }
}

extension Store {
    /// Changes with the resource, and says nothing of it (RFC 9110 §8.8.3); `nil` when there is none.
    package func tag(of resource: ResourceReference) throws(StoreError) -> String? {
        try contents.tag(of: resource, secrets)
    }
}

extension StoreContents {
    /// A keyed digest: a plain one would let its reader try out what is not shown.
    func tag(of resource: ResourceReference, _ secrets: SecretBox) throws(StoreError) -> String? {
        guard let described = definition(of: resource) else { return nil }
        let bytes = secrets.authentication(of: Data(try StoredJSON.text(described).utf8), purpose: "tag")
        return "\"\(bytes.prefix(16).map { String(UInt16($0) | 0x100, radix: 16).dropFirst() }.joined())\""
    }

    private func definition(of resource: ResourceReference) -> Described? {
        func find<Definition>(_ list: [Definition], _ path: (Definition) -> String) -> Described? {
            list.first { path($0) == resource.path }.map { Described($0, isRevealing: true) }
        }
        return switch resource.kind {
        case .tenant: find(definitions.tenants, \.path)
        case .endpoint: find(definitions.endpoints, \.path)
        case .deployment: find(definitions.deployments, \.path)
        case .deploymentSecret: find(definitions.secrets, \.path)
        case .model: find(definitions.models, \.resource)
        // Not of the configuration: nothing that has a tag names one.
        case .asset, .blob, .operation, .replay, .capture: nil
        case .endpointKey: find(definitions.keys, \.place)
        case .namedKey: find(definitions.namedKeys, \.path)
        case .principal: find(definitions.principals, \.path)
        case .issuer: find(definitions.issuers, \.path)
        case .role: find(definitions.roles, \.path)
        case .webhook: find(definitions.webhooks, \.path)
        case .certificate: find(certificates, \.host)
        case .operator: find(definitions.operators, \.name)
        }
    }
}
