import GatewayCore
import GatewayStore

/// Something of a tenant that stops working at a known time.
struct Expiry: Sendable, Equatable {
    enum Kind: String, Sendable, CaseIterable {
        case key
        case principalSecret = "principal-secret"
        case certificate
    }

    var kind: Kind
    var tenant: String
    /// The key's name, the principal's client id, or the host.
    var name: String
    /// Of a principal's secrets, which.
    var secretID: String?
    /// Seconds since 1970.
    var expiresAt: Int64

    /// Unique in the tenant.
    var subject: String {
        ([kind.rawValue, name] + (secretID.map { [$0] } ?? [])).joined(separator: "/")
    }

    /// - Parameter now: milliseconds since 1970.
    func event(_ notice: WebhookNotice, now: Int64) -> WebhookEvent {
        let hasExpired = notice.days == 0
        let kind: WebhookEvent.Kind =
            switch kind {
            case .key, .principalSecret: hasExpired ? .keyExpired : .keyExpiring
            case .certificate: hasExpired ? .certificateExpired : .certificateExpiring
            }
        return WebhookEvent(kind, tenant: tenant, time: now, data: ExpiryData(self, now: now / 1000))
    }
}

/// The data of the events about expiry.
private struct ExpiryData: Encodable {
    let kind: String
    let name: String
    let secretId: String?
    let expiresAt: String
    let daysLeft: Int64

    init(_ expiry: Expiry, now: Int64) {
        kind = expiry.kind.rawValue
        name = expiry.name
        secretId = expiry.secretID
        expiresAt = WebhookEvent.text(of: expiry.expiresAt)
        daysLeft = max(0, expiry.expiresAt - now + 86_399) / 86_400
    }
}

extension Expiry {
    /// The named keys and the principals' secrets that end before a time and are not disabled.
    static func keys(of definitions: Definitions, before end: Int64) -> [Expiry] {
        let keys = definitions.namedKeys.lazy.filter { !$0.isDisabled }.compactMap { key -> Expiry? in
            guard let expiresAt = key.expiresAt, expiresAt < end else { return nil }
            return Expiry(kind: .key, tenant: key.tenant, name: key.name, expiresAt: expiresAt)
        }
        let secrets = definitions.principals.lazy.filter { !$0.isDisabled }.flatMap { principal in
            principal.secrets.compactMap { secret -> Expiry? in
                guard let expiresAt = secret.expiresAt, expiresAt < end else { return nil }
                return Expiry(
                    kind: .principalSecret,
                    tenant: principal.tenant,
                    name: principal.clientID,
                    secretID: secret.id,
                    expiresAt: expiresAt
                )
            }
        }
        return Array(keys) + Array(secrets)
    }
}
