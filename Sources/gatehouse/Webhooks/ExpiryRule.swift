import GatewayStore

/// Says when an expiry is to be told: 30, 7 and 1 days ahead and when it has come, each once.
enum ExpiryRule {
    private static let day: Int64 = 86_400
    /// What had expired so long before it was first seen is no news.
    private static let stale = 7 * day
    private static let stages = [1, 7, 30]

    /// Nothing is told of what ends later than this from now, in seconds.
    static let horizon = 30 * day + 1

    /// - Parameters:
    ///   - told: what was told of it last.
    ///   - now: seconds since 1970.
    /// - Returns: what is to be told now and remembered; `nil` when there is nothing new.
    static func notice(of expiry: Expiry, told: WebhookNotice?, now: Int64) -> WebhookNotice? {
        let left = expiry.expiresAt - now
        let told = told?.expiresAt == expiry.expiresAt ? told : nil
        if told == nil, left < -stale { return nil }
        guard let days = left <= 0 ? 0 : stages.first(where: { left <= Int64($0) * day }) else {
            return nil
        }
        if let told, told.days <= days { return nil }
        return WebhookNotice(
            tenant: expiry.tenant,
            subject: expiry.subject,
            expiresAt: expiry.expiresAt,
            days: days
        )
    }
}
