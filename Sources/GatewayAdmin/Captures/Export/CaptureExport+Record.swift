import Foundation
import GatewayAPI
import GatewayCore
import GatewayStore

/// A capture as the API shows it, with the bytes of what is not all text.
extension CaptureExport {
    static func record(_ capture: StoredCapture, _ rolling: RollingRate) throws -> ExportedLine {
        var exchange = CapturedExchangeResource(
            summary: CaptureSummaryResource(capture.row),
            request: CapturedMessageResource(capture.content.request),
            response: CapturedMessageResource(capture.content.response),
            pair: [],
            comparisons: []
        )
        exchange.request.base64 = bytes(capture.content.request)
        exchange.response.base64 = bytes(capture.content.response)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(exchange), as: UTF8.self)
        return ExportedLine(file: file(capture.row, rolling), text: text)
    }

    private static func bytes(_ message: CapturedMessage) -> String? {
        let isText = message.isText && String(validating: message.body, as: UTF8.self) != nil
        return message.body.isEmpty || isText ? nil : Data(message.body).base64EncodedString()
    }
}
