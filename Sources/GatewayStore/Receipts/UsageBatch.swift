import GRDB
import GatewayCore

/// The sums of a batch of receipts, made in memory: one write for each caller and deployment, not one for each receipt.
struct UsageBatch {
    private struct Key: Hashable {
        let bucket: Int64
        let tenant: String
        let endpoint: String
        let deployment: String
        let caller: String
    }

    struct Sum {
        private(set) var requests: Int64 = 0
        private(set) var inputTokens: Int64 = 0
        private(set) var outputTokens: Int64 = 0
        private(set) var cost: Int64 = 0

        mutating func add(_ receipt: Receipt) {
            requests = Self.sum(requests, 1)
            inputTokens = Self.sum(inputTokens, receipt.countedInputTokens)
            outputTokens = Self.sum(outputTokens, receipt.countedOutputTokens)
            cost = Self.sum(cost, receipt.cost)
        }

        private static func sum(_ left: Int64, _ right: Int64) -> Int64 {
            min(left + min(max(0, right), UsageSchema.largest), UsageSchema.largest)
        }
    }

    private var sums: [Key: Sum] = [:]
    /// When each key was used last, seconds since 1970.
    private var keys: [String: Int64] = [:]
    private var former: FormerUsage

    /// - Parameter former: what was deleted while the batch's exchanges ran, or later.
    init(_ former: FormerUsage) {
        self.former = former
    }

    mutating func add(_ receipt: Receipt) {
        let second = max(0, receipt.startedAt) / 1_000_000
        // The receipt of the live call says all of this too.
        guard receipt.mirrorOf.isEmpty, !former.isOfDeletedTenant(receipt) else { return }
        if receipt.isCallOfKey, !former.isOfDeletedKey(receipt) {
            keys[receipt.caller] = max(keys[receipt.caller] ?? 0, second)
        }
        guard receipt.countsAsUsage else { return }
        let key = Key(
            bucket: second - second % UsageSchema.bucket,
            tenant: receipt.tenant,
            endpoint: receipt.endpoint,
            deployment: receipt.deployment,
            caller: receipt.caller
        )
        sums[key, default: Sum()].add(receipt)
        former.add(receipt)
    }

    func write(in database: Database) throws {
        let add = try database.cachedStatement(sql: UsageSchema.add)
        for (key, sum) in sums {
            try add.execute(
                arguments: [
                    key.bucket, key.tenant, key.endpoint, key.deployment, key.caller, sum.requests, sum.inputTokens,
                    sum.outputTokens, sum.cost,
                ]
            )
        }
        let touch = try database.cachedStatement(sql: UsageSchema.touch)
        for (caller, second) in keys { try touch.execute(arguments: [caller, second]) }
        try former.write(in: database)
    }
}

extension Receipt {
    /// Whether the caller holds one of our keys (`demo#name`, `demo/chat#primary`); holders of tokens (`demo@subject`)
    /// are too many to be remembered.
    fileprivate var isCallOfKey: Bool {
        for byte in caller.utf8 {
            if byte == UInt8(ascii: "#") { return true }
            if byte == UInt8(ascii: "@") { return false }
        }
        return false
    }
}
