import Foundation
import GatewayAPI
import GatewayCore
import GatewayStore
import Logging

/// The counters of limits and quotas with what stands around them: their history, their alarms, their read-out.
struct UsageMeters: Sendable {
    let registry: UsageRegistry

    init(receipts: ReceiptStore, counted: ReceiptMetrics, outbox: WebhookOutbox, logger: Logger) {
        registry = UsageRegistry(
            history: { subject, start in
                do throws(StoreError) {
                    return try receipts.usageRows(of: subject, since: start)
                } catch {
                    logger.error("a quota begins at zero", metadata: ["reason": "\(error)"])
                    return []
                }
            },
            onForget: { gone in
                let now = Int64(Date().timeIntervalSince1970 * 1_000_000)
                counted.forget(gone, at: now)
                do throws(StoreError) {
                    try receipts.forgetUsage(of: gone, at: now)
                } catch {
                    logger.error(
                        "what deleted names have used is forgotten only once it can be written",
                        metadata: ["reason": "\(error)"]
                    )
                }
            },
            onThreshold: { event in
                logger.warning(
                    "quota threshold",
                    metadata: [
                        "subject": "\(event.subject)", "measure": "\(event.measure.rawValue)",
                        "percent": "\(event.percent)", "used": "\(event.used)", "amount": "\(event.amount)",
                    ]
                )
                outbox.emit(.quotaThreshold(event, at: Int64(Date().timeIntervalSince1970 * 1000)))
            }
        )
    }

    /// How the rules of a subject stand, as the admin API shows it.
    func status(of subject: UsageSubject) -> [LimitStateResource] {
        let wall = Date()
        let uptime = Int64(DispatchTime.now().uptimeNanoseconds)
        let now = Moment(uptime: uptime, wall: Int64(wall.timeIntervalSince1970))
        return registry.status(of: subject, at: now).map { LimitStateResource($0, at: wall) }
    }
}

extension LimitStateResource {
    fileprivate init(_ status: LimitStatus, at now: Date) {
        let isWhole = status.resetAfter == 0
        let reset = now.addingTimeInterval(Double(status.resetAfter) / 1_000_000_000)
        let (policy, amount, unit, isWarnOnly) = Self.facts(status.rule)
        self.init(
            policy: policy,
            limit: Double(amount) / unit,
            used: Double(status.used) / unit,
            remaining: Double(status.remaining) / unit,
            resetsAt: isWhole ? nil : reset.formatted(.iso8601),
            warnOnly: isWarnOnly,
            refused: status.refused,
            warned: status.warned
        )
    }

    /// Name, amount and unit (money is counted in millionths).
    private static func facts(_ rule: LimitStatus.Rule) -> (String, Int64, Double, Bool) {
        switch rule {
        case .limit(let rule):
            let suffix = (rule.period.map { " per \($0.rawValue)" } ?? "") + (rule.isByAddress ? " by address" : "")
            return (rule.measure.rawValue + suffix, rule.amount, 1, rule.isWarnOnly)
        case .quota(let rule):
            let unit: Double = rule.measure == .cost ? 1_000_000 : 1
            return ("\(rule.measure.rawValue) per \(rule.window.rawValue)", rule.amount, unit, rule.isWarnOnly)
        }
    }
}
