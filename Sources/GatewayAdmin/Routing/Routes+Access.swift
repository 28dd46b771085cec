import GatewayAPI
import GatewayCore
import GatewayStore

/// Keys, principals, issuers, roles and webhooks.
extension Routes {
    var keys: [Route] {
        let pairs = KeyRoutes(store: controlPlane.store)
        let keys = NamedKeyRoutes(store: controlPlane.store, receipts: controlPlane.receipts)
        let pair = "/tenants/:tenant/endpoints/:endpoint/keys"
        let list = "/tenants/:tenant/keys"
        let path = list + "/:key"
        return [
            .get(pair, .keys, "Shows an endpoint's two keys.", answers: .one(KeyPairResource.self), use: pairs.list),
            .post(
                pair + "/regenerate",
                .keys,
                "Replaces one of an endpoint's keys.",
                takes: KeyRegeneration.self,
                answers: .one(KeyPairResource.self),
                use: pairs.regenerate
            ),
            .get(list, .read, "Lists named keys.", answers: .page(NamedKeyResource.self), use: keys.list),
            .post(
                list,
                .keys,
                "Makes a named key; its secret is in the answer only.",
                takes: NamedKeyResource.self,
                answers: .made(NamedKeyResource.self),
                use: keys.create
            ),
            .get(
                path,
                .read,
                "Shows a named key.",
                answers: .one(NamedKeyResource.self),
                tagged: .namedKey,
                use: keys.get
            ),
            .put(
                path,
                .keys,
                "Changes a named key.",
                takes: NamedKeyResource.self,
                answers: .one(NamedKeyResource.self),
                tagged: .namedKey,
                use: keys.put
            ),
            .post(
                path + "/rotate",
                .keys,
                "Gives a named key a new secret.",
                takes: KeyRotation.self,
                answers: .one(NamedKeyResource.self),
                use: keys.rotate
            ),
            .delete(path, .keys, "Revokes a named key.", tagged: .namedKey, use: keys.revoke),
        ]
    }

    var principals: [Route] {
        let principals = PrincipalRoutes(store: controlPlane.store)
        let list = "/tenants/:tenant/principals"
        let path = list + "/:principal"
        return [
            .get(list, .read, "Lists principals.", answers: .page(PrincipalResource.self), use: principals.list),
            .post(
                list,
                .keys,
                "Makes a principal; its secrets are in the answer only.",
                takes: PrincipalResource.self,
                answers: .made(PrincipalResource.self),
                use: principals.create
            ),
            .get(
                path,
                .read,
                "Shows a principal.",
                answers: .one(PrincipalResource.self),
                tagged: .principal,
                use: principals.get
            ),
            .put(
                path,
                .keys,
                "Disables or enables a principal.",
                takes: PrincipalResource.self,
                answers: .one(PrincipalResource.self),
                tagged: .principal,
                use: principals.put
            ),
            .delete(path, .keys, "Removes a principal.", tagged: .principal, use: principals.delete),
            .post(
                path + "/secrets",
                .keys,
                "Makes a secret of a principal.",
                takes: PrincipalSecretResource.self,
                answers: .made(PrincipalSecretResource.self),
                use: principals.addSecret
            ),
            .delete(path + "/secrets/:secret", .keys, "Removes a principal's secret.", use: principals.removeSecret),
        ]
    }

    var trust: [Route] {
        let issuers = TrustedIssuerRoutes(store: controlPlane.store)
        let roles = RoleRoutes(store: controlPlane.store)
        let issuer = "/tenants/:tenant/issuers/:issuer"
        let role = "/tenants/:tenant/roles/:role"
        return [
            .get(
                "/tenants/:tenant/issuers",
                .read,
                "Lists trusted issuers.",
                answers: .page(IssuerResource.self),
                use: issuers.list
            ),
            .get(
                issuer,
                .read,
                "Shows a trusted issuer.",
                answers: .one(IssuerResource.self),
                tagged: .issuer,
                use: issuers.get
            ),
            .put(
                issuer,
                .trust,
                "Trusts an issuer.",
                takes: IssuerResource.self,
                answers: .put(IssuerResource.self),
                tagged: .issuer,
                use: issuers.put
            ),
            .delete(issuer, .trust, "Trusts an issuer no longer.", tagged: .issuer, use: issuers.delete),
            .get(
                "/tenants/:tenant/roles",
                .read,
                "Lists role assignments.",
                answers: .page(RoleResource.self),
                use: roles.list
            ),
            .get(
                role,
                .read,
                "Shows a role assignment.",
                answers: .one(RoleResource.self),
                tagged: .role,
                use: roles.get
            ),
            .put(
                role,
                .trust,
                "Assigns a role.",
                takes: RoleResource.self,
                answers: .put(RoleResource.self),
                tagged: .role,
                use: roles.put
            ),
            .delete(role, .trust, "Removes a role assignment.", tagged: .role, use: roles.delete),
        ]
    }

    var webhooks: [Route] {
        let webhooks = WebhookRoutes(controlPlane: controlPlane)
        let list = "/tenants/:tenant/webhooks"
        let path = list + "/:webhook"
        return [
            .get(list, .read, "Lists webhooks.", answers: .page(WebhookResource.self), use: webhooks.list),
            .get(
                path,
                .read,
                "Shows a webhook.",
                answers: .one(WebhookResource.self),
                tagged: .webhook,
                use: webhooks.get
            ),
            .put(
                path,
                .webhooks,
                "Makes or changes a webhook; the answer that makes one has its signing secret.",
                takes: WebhookResource.self,
                answers: .put(WebhookResource.self),
                tagged: .webhook,
                use: webhooks.put
            ),
            .delete(path, .webhooks, "Removes a webhook.", tagged: .webhook, use: webhooks.delete),
            .post(
                path + "/test",
                .webhooks,
                "Sends webhook.test to a webhook.",
                answers: .one(WebhookTestResource.self),
                use: webhooks.test
            ),
            .get(
                path + "/deliveries",
                .read,
                "Shows what a webhook was told, the newest first.",
                answers: .page(WebhookDeliveryResource.self),
                use: webhooks.deliveries
            ),
        ]
    }
}
