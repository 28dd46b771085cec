import GatewayAPI
import Testing

@testable import gatehouse

/// What a command says of what the server refused.
@Suite struct ClientErrorTests {
    @Test(arguments: [
        ("similarity", "must be 0 to 1", "similarity: must be 0 to 1"),
        ("to", "must be 0 to 1", "to: must be 0 to 1"),
        (nil, "an operator's token is needed", "an operator's token is needed"),
        ("limit", "limit must be 1 to 200", "limit must be 1 to 200"),
        ("speed", "\"2x\" is no speed; write 1x or max", "\"2x\" is no speed; write 1x or max"),
        ("demo/chat", "demo/chat does not exist", "demo/chat does not exist"),
        ("limits[0].by", "limits[0]: by must be address", "limits[0]: by must be address"),
    ])
    func `it names the member that is meant, once`(target: String?, message: String, said: String) {
        #expect(ClientError(.init(code: "InvalidRequest", message: message, target: target)).message == said)
    }
}
