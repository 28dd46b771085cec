package import GatewayCore

extension WebhookEvent {
    /// An endpoint's rule put a new key into a slot; `keys list` shows it.
    ///
    /// - Parameter time: milliseconds since 1970.
    package static func keyRotated(_ key: EndpointKey, at time: Int64) -> WebhookEvent {
        WebhookEvent(.keyRotated, tenant: key.tenant, time: time, data: RotationData(key, at: time))
    }
}

/// The data of `key.rotated`.
private struct RotationData: Encodable {
    let endpoint: String
    let slot: String
    /// Until when the replaced key opens.
    let previousValidUntil: String

    init(_ key: EndpointKey, at time: Int64) {
        endpoint = key.endpoint
        slot = key.slot.rawValue
        previousValidUntil = WebhookEvent.text(of: key.retired.map(\.validUntil).max() ?? time / 1000)
    }
}
