package import GatewayCore

extension WebhookEvent {
    /// An instance was taken out, or is back.
    ///
    /// - Parameter time: milliseconds since 1970.
    package static func instance(_ alarm: InstanceAlarm, at time: Int64) -> WebhookEvent {
        WebhookEvent(
            alarm.isBack ? .instanceReturned : .instanceEjected,
            tenant: alarm.tenant,
            time: time,
            data: InstanceData(alarm, at: time)
        )
    }
}

/// The data of `instance.ejected` and `instance.returned`.
private struct InstanceData: Encodable {
    let endpoint: String
    let deployment: String
    let instance: String
    let cause: String
    let detail: String
    let since: String

    init(_ alarm: InstanceAlarm, at time: Int64) {
        endpoint = alarm.endpoint
        deployment = alarm.deployment
        instance = alarm.instance
        cause = alarm.cause.rawValue
        detail = alarm.detail
        since = WebhookEvent.text(of: (time - alarm.age / 1_000_000) / 1000)
    }
}
