import GatewayStore

/// How often a delivery is tried and how long it waits in between.
struct WebhookBackoff: Sendable {
    /// 8 tries within about 8 hours and 40 minutes.
    static let standard = WebhookBackoff(
        delays: [
            .seconds(5), .seconds(30), .seconds(120), .seconds(600), .seconds(1800), .seconds(7200),
            .seconds(21_600),
        ],
        jitter: 0.8...1.2
    )
    /// The receiver said that it is not there any more.
    private static let gone = 410

    /// Behind each try but the last.
    var delays: [Duration]
    /// Each delay is multiplied by a random number of this range, so that receivers do not get all their tries at once.
    var jitter: ClosedRange<Double>

    /// - Parameters:
    ///   - tries: how many there were, this one included.
    ///   - now: milliseconds since 1970.
    func verdict(after answer: WebhookAnswer, tries: Int, now: Int64) -> DeliveryVerdict {
        if answer.isDelivered { return .delivered }
        guard answer.status != Self.gone, tries <= delays.count else { return .failed }
        let delay = delays[max(1, tries) - 1] * Double.random(in: jitter)
        return .retry(at: now + delay.milliseconds)
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
