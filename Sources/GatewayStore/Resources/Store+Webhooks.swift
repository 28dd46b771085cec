import Foundation
import GRDB
package import GatewayCore

/// What is needed to tell a webhook of an event.
package struct WebhookTarget: Sendable, Equatable {
    package let url: String
    /// With the values of references in their place.
    package let headers: [UpstreamHeader]
    /// `whsec_…`.
    package let secret: String
    /// Which addresses its name may stand for.
    package var reach = Reach.everywhere
}

extension Store {
    package func webhooks(of tenant: String) throws(StoreError) -> [WebhookDefinition] {
        _ = try self.tenant(tenant)
        return definitions.webhooks.filter { $0.tenant == tenant }
    }

    package func webhook(_ tenant: String, _ name: String) throws(StoreError) -> WebhookDefinition {
        guard let webhook = definitions.webhooks.first(where: { $0.tenant == tenant && $0.name == name }) else {
            throw .notFound(resource: "\(tenant)/webhooks/\(name)")
        }
        return webhook
    }

    /// A new one gets a signing secret; one that is there keeps it.
    package func putWebhook(_ webhook: WebhookDefinition) async throws(StoreError) -> PutOutcome {
        try await change { $0.put(webhook) }
    }

    package func deleteWebhook(_ tenant: String, _ name: String) async throws(StoreError) {
        let path = try webhook(tenant, name).path
        try await change { transaction in transaction.definitions.webhooks.removeAll { $0.path == path } }
    }

    /// What its receiver checks signatures with.
    package func webhookSecret(_ tenant: String, _ name: String) async throws(StoreError) -> String {
        let path = try webhook(tenant, name).path
        return try await write { [secrets] database in
            let query = "SELECT secret FROM webhooks WHERE tenant = ? AND name = ?"
            guard let sealed = try Data.fetchOne(database, sql: query, arguments: [tenant, name]) else {
                throw StoreError.notFound(resource: path)
            }
            return try secrets.open(sealed, place: "\(path)/secret")
        }
    }

    package func webhookTarget(_ tenant: String, _ name: String) async throws(StoreError) -> WebhookTarget {
        let webhook = try webhook(tenant, name)
        do {
            let headers = try webhook.headers.map {
                try compiler.deployments.resolve($0, webhook.path, field: "headers")
            }
            return WebhookTarget(
                url: webhook.url,
                headers: headers,
                secret: try await webhookSecret(tenant, name),
                reach: networks.reach(of: tenant, isNamedByTenant: webhook.isNamedByTenant)
            )
        } catch {
            throw StoreError(error)
        }
    }
}
