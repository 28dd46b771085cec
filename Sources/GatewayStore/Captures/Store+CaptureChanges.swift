import GRDB
import GatewayCore

extension Store {
    /// Notes in the audit log that a capture is deleted, or gets another label; of its content nothing.
    ///
    /// Captures lie in a file of their own, and one transaction cannot change both: the entry comes first, so that no capture
    /// goes without one. Where the change then fails, the entry stands for what was tried.
    ///
    /// - Parameter label: the new one; `nil` where the capture is deleted.
    package func noteChange(of capture: CaptureRow, label: String?) async throws(StoreError) {
        let resource = ResourceReference(.capture, "\(capture.receipt.tenant)/captures/\(capture.id)")
        let draft = AuditDifference.Draft(
            action: label == nil ? .deleted : .updated,
            resource: resource,
            tenant: resource.tenant,
            fields: label == nil ? [] : ["label"],
            before: try StoredJSON.text(AuditedCapture(capture, label: capture.label)),
            after: try label.map { (label) throws(StoreError) in
                try StoredJSON.text(AuditedCapture(capture, label: label))
            }
        )
        let origin = ChangeOrigin.current
        try await write { [self] database in try audited(in: database, [draft], by: origin) { true } }
    }
}

/// What the audit log says of a capture: by these its receipt is found when it is gone.
private struct AuditedCapture: Encodable {
    let endpoint: String
    let deployment: String
    let requestID: String
    let label: String

    init(_ capture: CaptureRow, label: String) {
        endpoint = capture.receipt.endpoint
        deployment = capture.receipt.deployment
        requestID = capture.receipt.requestID
        self.label = label
    }

    private enum CodingKeys: String, CodingKey {
        case endpoint
        case deployment
        case requestID = "requestId"
        case label
    }
}
