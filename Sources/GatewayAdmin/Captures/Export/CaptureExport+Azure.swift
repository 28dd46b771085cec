import GatewayAPI
import GatewayCore
import GatewayStore

/// The data collector of Azure ML, with a line for each collection that a half belongs to:
/// `modelDataCollector/{endpoint}/{deployment}/{collection}/yyyy/MM/dd/HH/{instance}.jsonl`.
///
/// Azure keeps bodies over 4 MB in files of their own; there are none here, a capture has 64 KiB of each at most.
extension CaptureExport {
    static func azure(_ capture: StoredCapture, _ labels: Labels, _ rolling: RollingRate) -> [ExportedLine] {
        collections(of: capture).map { collection in
            ExportedLine(
                file: azureFile(capture.row, collection, rolling),
                text: azureRecord(capture, collection, labels).json
            )
        }
    }

    /// Those of the deployment's `data_collector`; of captures by a rule of ours the payload's.
    private static func collections(of capture: StoredCapture) -> [CaptureCollection] {
        let named = capture.row.collections
        let names =
            named.isEmpty
            ? (capture.hasRequest ? ["request"] : []) + (capture.hasResponse ? ["response"] : []) : named
        return names.map { CaptureCollection(name: $0, samplingRate: 1) }.filter { $0.half != nil }
    }

    private static func azureFile(
        _ row: CaptureRow,
        _ collection: CaptureCollection,
        _ rolling: RollingRate
    ) -> String {
        let names = ["modelDataCollector", row.receipt.endpoint, row.receipt.deployment, collection.name]
        let time = ExportFolders.time(row.receipt.startedAt, rolling)
        return "\(ExportFolders.path(names))/\(time)/\(ExportFolders.instance).jsonl"
    }

    private static func azureRecord(
        _ capture: StoredCapture,
        _ collection: CaptureCollection,
        _ labels: Labels
    ) -> ExportValue {
        let receipt = capture.row.receipt
        let isRequest = collection.half == .request
        let message = isRequest ? capture.content.request : capture.content.response
        let body = ExportedBody(message)
        let target: ExportValue? = isRequest ? .text(path(capture.row)) : nil
        let method: ExportValue? = isRequest ? .text(receipt.method) : nil
        let status: ExportValue? = isRequest ? nil : .number(Int64(status(receipt)))
        // A scoring script that logs inputs and outputs sees no headers.
        let isPayload = collection.name == "request" || collection.name == "response"
        return [
            "specversion": "1.0", "id": .text(identifier(capture.row, collection.name)),
            "source": .text(azureSource(receipt, labels)), "type": .text("azureml.inference.\(collection.name)"),
            "datacontenttype": .text(contentType(message)), "time": .text(time(receipt, isEnd: !isRequest)),
            "data": body.value, "datacontentencoding": body.encoding, "path": target, "method": method,
            "headers": isPayload ? headers(message) : nil, "statuscode": status,
            "contentrange": .text(contentRange(message)), "correlationid": .text(identifier(capture.row)),
            "xrequestid": .text(receipt.requestID), "modelversion": "default",
            "collectdatatype": .text(body.dataType), "agent": .text(ExportFolders.instance),
        ]
    }

    private static func azureSource(_ receipt: Receipt, _ labels: Labels) -> String {
        let scope = ARMScope(
            subscription: labels.subscription,
            resourceGroup: labels.resourceGroup,
            workspace: receipt.tenant
        )
        return "\(scope.id)/onlineEndpoints/\(receipt.endpoint)/deployments/\(receipt.deployment)"
    }

    private static func path(_ row: CaptureRow) -> String {
        row.query.isEmpty ? row.receipt.path : "\(row.receipt.path)?\(row.query)"
    }

    /// What was kept of them; those that stand there twice in one.
    private static func headers(_ message: CapturedMessage) -> ExportValue? {
        guard !message.headers.isEmpty else { return nil }
        let values = Dictionary(message.headers.map { ($0.name.lowercased(), $0.value) }) { "\($0), \($1)" }
        return .object(values.sorted { $0.key < $1.key }.map { ($0.key, .text($0.value)) })
    }

    /// What of the body is there, and how long it was: `bytes 0-65535/100000` says that it is cut.
    private static func contentRange(_ message: CapturedMessage) -> String {
        let kept = Int64(message.body.count)
        guard kept > 0 else { return "bytes */\(message.size)" }
        // What was compressed, or redacted to more than it had, was shorter than what is kept.
        let size = !message.isTruncated ? String(kept) : message.size > kept ? String(message.size) : "*"
        return "bytes 0-\(kept - 1)/\(size)"
    }
}

extension ExportedBody {
    fileprivate var encoding: ExportValue? {
        guard case .bytes = self else { return nil }
        return "base64"
    }

    /// As the collector of Azure's scoring scripts would name the value.
    fileprivate var dataType: String {
        switch self {
        case .json(let line) where line.hasPrefix("{"): "builtins.dict"
        case .json(let line) where line.hasPrefix("["): "builtins.list"
        case .bytes: "builtins.bytes"
        case .empty, .json, .text: "builtins.str"
        }
    }
}
