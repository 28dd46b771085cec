package import Foundation

/// Something that happened in a tenant, as its webhooks are told of it; never holds a secret.
package struct WebhookEvent: Sendable, Equatable {
    /// What happened.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case quotaThreshold = "quota.threshold"
        case keyExpiring = "key.expiring"
        case keyExpired = "key.expired"
        /// By an endpoint's rule, not by a person.
        case keyRotated = "key.rotated"
        case certificateExpiring = "certificate.expiring"
        case certificateExpired = "certificate.expired"
        /// Of upstream deployments.
        case instanceEjected = "instance.ejected"
        case instanceReturned = "instance.returned"
        /// Sent on demand, whatever events a webhook asks for.
        case test = "webhook.test"
    }

    /// The same in every try of every delivery, so that a receiver can tell a repeated one.
    package let id: UUID
    package let kind: Kind
    package let tenant: String
    /// Milliseconds since 1970.
    package let time: Int64
    /// The text of a JSON object.
    package let data: String

    /// - Parameters:
    ///   - time: milliseconds since 1970.
    ///   - data: must encode as a JSON object and hold no secret.
    package init(_ kind: Kind, tenant: String, time: Int64, data: some Encodable) {
        id = UUID()
        self.kind = kind
        self.tenant = tenant
        self.time = time
        self.data = Self.json(data) ?? "{}"
    }

    /// What is posted, byte for byte the same in every try.
    package var body: String {
        let text = Self.text(of: time / 1000).dropLast() + ".\(String(1000 + time % 1000).dropFirst())Z"
        return #"{"id":"\#(identifier)","type":"\#(kind.rawValue)","time":"\#(text)","#
            + #""tenant":\#(Self.json(tenant) ?? "null"),"data":\#(data)}"#
    }

    /// The value of `webhook-id`.
    package var identifier: String { id.uuidString.lowercased() }

    private static func json(_ value: some Encodable) -> String? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) }
    }
}
