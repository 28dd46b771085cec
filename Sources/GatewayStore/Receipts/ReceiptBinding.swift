import GRDB
import GatewayCore

extension RowBinding {
    /// - Parameter receipt: goes into the columns of `ReceiptSchema.insert`.
    mutating func insert(_ receipt: Receipt) throws(DatabaseError) {
        add(receipt.requestID)
        add(receipt.tenant)
        add(receipt.endpoint)
        add(receipt.deployment)
        add(receipt.instance)
        add(receipt.caller)
        add(receipt.httpVersion)
        add(receipt.method)
        add(receipt.path)
        add(receipt.clientAddress)
        add(receipt.outcome.rawValue)
        add(receipt.refusal)
        add(receipt.model)
        add(receipt.mirrorOf)
        add(receipt.startedAt)
        add(receipt.status)
        add(receipt.upstreamStatus)
        add(receipt.requestBytes)
        add(receipt.responseBytes)
        add(receipt.promptTokens)
        add(receipt.completionTokens)
        add(receipt.isStreamed)
        add(receipt.firstByteMicroseconds)
        add(receipt.durationMicroseconds)
        add(receipt.attempts)
        add(receipt.cost)
        try insert()
    }
}

extension Receipt {
    init(row: Row) {
        self.init(requestID: row["request_id"], startedAt: row["started_at"])
        tenant = row["tenant"]
        endpoint = row["endpoint"]
        deployment = row["deployment"]
        instance = row["instance"]
        caller = row["caller"]
        httpVersion = row["http_version"]
        method = row["method"]
        path = row["path"]
        clientAddress = row["client_address"]
        status = row["status"]
        upstreamStatus = row["upstream_status"]
        // The table's CHECK knows the same names.
        outcome = Outcome(rawValue: row["outcome"]) ?? .failed
        refusal = row["refusal"]
        model = row["model"]
        requestBytes = row["request_bytes"]
        responseBytes = row["response_bytes"]
        promptTokens = row["prompt_tokens"]
        completionTokens = row["completion_tokens"]
        isStreamed = row["is_streamed"]
        firstByteMicroseconds = row["first_byte_us"]
        durationMicroseconds = row["duration_us"]
        attempts = row["attempts"]
        cost = row["cost"]
        mirrorOf = row["mirror_of"]
    }
}
