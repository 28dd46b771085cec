import Foundation
import GatewayCore
import GatewayStore

/// SageMaker's data capture: `{endpoint}/{variant}/yyyy/mm/dd/hh/*.jsonl`, both halves in one line.
extension CaptureExport {
    static func sageMaker(_ capture: StoredCapture, _ rolling: RollingRate) -> ExportedLine {
        let row = capture.row
        let input = capture.hasRequest ? half(capture.content.request, "INPUT") : nil
        let output = capture.hasResponse ? half(capture.content.response, "OUTPUT") : nil
        let record: ExportValue = [
            "captureData": ["endpointInput": input, "endpointOutput": output],
            "eventMetadata": [
                "eventId": .text(identifier(row)), "inferenceId": .text(row.receipt.requestID),
                "customAttributes": attributes(capture),
                "inferenceTime": .text(WireTime.text(row.receipt.startedAt / 1_000_000)),
            ],
            "eventVersion": "0",
        ]
        return ExportedLine(file: sageMakerFile(row, rolling), text: record.json)
    }

    /// The folders are of hours; at a faster rate an hour's has a file for each minute.
    private static func sageMakerFile(_ row: CaptureRow, _ rolling: RollingRate) -> String {
        let minute = ExportFolders.time(row.receipt.startedAt, .minute).suffix(2)
        let name = rolling == .minute ? "\(minute)-\(ExportFolders.instance)" : ExportFolders.instance
        return file(row, .hour, named: name)
    }

    /// What is cut, and what is neither JSON nor CSV, is in BASE64: nobody takes half a text for a whole one.
    private static func half(_ message: CapturedMessage, _ mode: String) -> ExportValue {
        let (data, encoding): (String, String) =
            switch ExportedBody(message) {
            case .json(let line): (line, "JSON")
            case .text(let text) where message.contentType == "text/csv" && !message.isTruncated: (text, "CSV")
            case .empty, .text, .bytes: (Data(message.body).base64EncodedString(), "BASE64")
            }
        return [
            "observedContentType": .text(contentType(message)), "mode": .text(mode), "data": .text(data),
            "encoding": .text(encoding),
        ]
    }

    /// The caller's own first, then what there is no other room for: `status=424`, `truncated=response`.
    private static func attributes(_ capture: StoredCapture) -> ExportValue? {
        let receipt = capture.row.receipt
        let status = status(receipt)
        let attributes = [
            capture.content.request.first("x-amzn-sagemaker-custom-attributes"),
            (200..<300).contains(status) ? nil : "status=\(status)",
            capture.content.request.isTruncated ? "truncated=request" : nil,
            capture.content.response.isTruncated ? "truncated=response" : nil,
            receipt.mirrorOf.isEmpty ? nil : "mirrorOf=\(receipt.mirrorOf)",
        ].compactMap(\.self)
        return attributes.isEmpty ? nil : .list(attributes.map(ExportValue.text))
    }
}
