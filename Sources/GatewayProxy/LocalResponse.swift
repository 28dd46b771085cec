import GatewayCore
import NIOCore
import NIOHTTP1

/// What the gateway answers from its own knowledge, as bytes.
struct LocalResponse {
    let status: HTTPResponseStatus
    let headers: [(String, String)]
    let body: ByteBuffer

    init(_ answer: LocalAnswer, isReady: Bool) {
        switch answer {
        case .alive: self.init(.ok, #"{"status":"alive"}"#)
        case .ready where isReady: self.init(.ok, #"{"status":"ready"}"#)
        case .ready: self.init(.serviceUnavailable, #"{"status":"stopping"}"#)
        case .models(let names):
            let list = names.map(Self.model).joined(separator: ",")
            self.init(.ok, #"{"object":"list","data":[\#(list)]}"#)
        case .model(let name): self.init(.ok, Self.model(name))
        case .preflight(let headers):
            self.init(.noContent, headers: headers.map { ($0.name, $0.value) }, ByteBuffer())
        }
    }

    private init(_ status: HTTPResponseStatus, _ json: String) {
        self.init(status, headers: [("content-type", "application/json")], ByteBuffer(string: json))
    }

    private init(_ status: HTTPResponseStatus, headers: [(String, String)], _ body: ByteBuffer) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Model names are visible ASCII (`Names.isModelName`); quotes and backslashes are escaped here.
    private static func model(_ name: String) -> String {
        let escaped = name.flatMap { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }
        return #"{"id":"\#(String(escaped))","object":"model","created":0,"owned_by":"gatehouse"}"#
    }
}
