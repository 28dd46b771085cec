import Foundation
package import GatewayCore

extension WebhookEvent {
    /// A quota's use passed a threshold of its window.
    ///
    /// - Parameter time: milliseconds since 1970.
    package static func quotaThreshold(_ event: QuotaEvent, at time: Int64) -> WebhookEvent {
        WebhookEvent(.quotaThreshold, tenant: event.subject.tenant, time: time, data: QuotaThreshold(event))
    }

    /// Seconds since 1970 as RFC 3339 has them.
    package static func text(of seconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
    }
}

/// The data of `quota.threshold`; amounts are in the quota's own measure, money in millionths.
private struct QuotaThreshold: Encodable {
    let scope: String
    let resource: String
    let measure: String
    let window: String
    let timeZone: String
    let percent: Int64
    let used: Int64
    let amount: Int64
    let windowStart: String
    let windowEnd: String

    init(_ event: QuotaEvent) {
        switch event.subject {
        case .tenant(let tenant): (scope, resource) = ("tenant", tenant)
        case .endpoint(let tenant, let endpoint): (scope, resource) = ("endpoint", "\(tenant)/\(endpoint)")
        case .deployment(let tenant, let endpoint, let deployment):
            (scope, resource) = ("deployment", "\(tenant)/\(endpoint)/\(deployment)")
        case .caller(_, let label): (scope, resource) = ("caller", label)
        }
        measure = event.measure.rawValue
        window = event.window.rawValue
        timeZone = event.timeZone
        percent = event.percent
        used = event.used
        amount = event.amount
        windowStart = WebhookEvent.text(of: event.windowStart)
        windowEnd = WebhookEvent.text(of: event.windowEnd)
    }
}
