import Foundation
import GatewayCore
import GatewayStore

/// What KServe's logger sends of a request and of its response, with the members that it adds, in the JSON form of
/// CloudEvents: one to a line.
extension CaptureExport {
    static func kServe(_ capture: StoredCapture, _ rolling: RollingRate) -> [ExportedLine] {
        let file = file(capture.row, rolling)
        let halves = [
            capture.hasRequest ? event(capture, isRequest: true) : nil,
            capture.hasResponse ? event(capture, isRequest: false) : nil,
        ]
        return halves.compactMap { $0.map { ExportedLine(file: file, text: $0.json) } }
    }

    /// As with KServe both halves have one `id`, and their `type` tells them apart.
    private static func event(_ capture: StoredCapture, isRequest: Bool) -> ExportValue {
        let receipt = capture.row.receipt
        let message = isRequest ? capture.content.request : capture.content.response
        let (data, bytes) = data(message)
        let status: ExportValue? = isRequest ? nil : .number(Int64(status(receipt)))
        let source = "/" + ExportFolders.path([receipt.tenant, receipt.endpoint, receipt.deployment])
        return [
            "specversion": "1.0", "id": .text(identifier(capture.row)), "source": .text(source),
            "type": .text("org.kubeflow.serving.inference.\(isRequest ? "request" : "response")"),
            "time": .text(time(receipt, isEnd: !isRequest)), "datacontenttype": .text(contentType(message)),
            "inferenceservicename": .text(receipt.endpoint), "namespace": .text(receipt.tenant),
            "component": "predictor", "endpoint": .text(receipt.deployment), "metadata": metadata(message),
            "requestid": .text(receipt.requestID), "statuscode": status,
            "truncated": message.isTruncated ? .flag(true) : nil, "data": data, "data_base64": bytes,
        ]
    }

    /// CloudEvents 1.0, JSON event format, 3.1: where the type says JSON, `data` is read as JSON; what is cut is none,
    /// and goes as bytes.
    private static func data(_ message: CapturedMessage) -> (data: ExportValue?, bytes: ExportValue?) {
        switch ExportedBody(message) {
        case .empty: (nil, nil)
        case .json(let line): (.raw(line), nil)
        case .text(let text) where message.form != .json: (.text(text), nil)
        case .text, .bytes: (nil, .text(Data(message.body).base64EncodedString()))
        }
    }

    /// The headers that were kept: KServe has them as JSON within a text.
    private static func metadata(_ message: CapturedMessage) -> ExportValue? {
        guard !message.headers.isEmpty else { return nil }
        let values = Dictionary(grouping: message.headers) { $0.name.lowercased() }
        let members = values.sorted { $0.key < $1.key }.map { name, headers in
            (name, ExportValue?.some(.list(headers.map { .text($0.value) })))
        }
        return .text(ExportValue.object(members).json)
    }
}
