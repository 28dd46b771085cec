import Testing

@testable import GatewayCore

@Suite struct ReceiptUsageTests {
    @Test(
        arguments: [
            (.completed, 200, true), (.completed, 404, true), (.completed, 500, false), (.failed, 0, false),
            (.failed, 200, true), (.cancelled, 200, true), (.refused, 0, false),
        ] as [(Receipt.Outcome, Int, Bool)]
    )
    func `what a model has begun counts, whatever became of it`(outcome: Receipt.Outcome, status: Int, counts: Bool) {
        var receipt = Receipt(requestID: "id", startedAt: 0)
        receipt.deployment = "blue"
        receipt.outcome = outcome
        receipt.upstreamStatus = status
        #expect(receipt.countsAsUsage == counts)
    }

    @Test func `a client that left counts once its request was on its way`() {
        var receipt = Receipt(requestID: "id", startedAt: 0)
        receipt.deployment = "blue"
        receipt.outcome = .cancelled
        #expect(!receipt.countsAsUsage)
        receipt.isSent = true
        #expect(receipt.countsAsUsage)
    }

    @Test func `what reached no deployment does not count`() {
        var receipt = Receipt(requestID: "id", startedAt: 0)
        receipt.outcome = .cancelled
        #expect(!receipt.countsAsUsage)
    }
}
