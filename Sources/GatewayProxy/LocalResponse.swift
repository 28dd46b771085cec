import GatewayCore
import NIOCore
import NIOHTTP1

/// What the gateway answers from its own knowledge, as bytes.
struct LocalResponse {
    let status: HTTPResponseStatus
    let body: ByteBuffer

    init(_ answer: LocalAnswer, isReady: Bool) {
        switch answer {
        case .alive:
            status = .ok
            body = ByteBuffer(string: #"{"status":"alive"}"#)
        case .ready:
            status = isReady ? .ok : .serviceUnavailable
            body = ByteBuffer(string: isReady ? #"{"status":"ready"}"# : #"{"status":"stopping"}"#)
        case .models(let names):
            status = .ok
            let list = names.map(Self.model).joined(separator: ",")
            body = ByteBuffer(string: #"{"object":"list","data":[\#(list)]}"#)
        case .model(let name):
            status = .ok
            body = ByteBuffer(string: Self.model(name))
        }
    }

    /// Model names are visible ASCII (`Names.isModelName`); quotes and backslashes are escaped here.
    private static func model(_ name: String) -> String {
        let escaped = name.flatMap { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }
        return #"{"id":"\#(String(escaped))","object":"model","created":0,"owned_by":"gatehouse"}"#
    }
}
