import Foundation
import GatewayCore
import NIOCore
import NIOHTTP1
import Testing

@testable import GatewayProxy

@Suite struct LocalResponseTests {
    @Test func `the model list is valid JSON, whatever the names hold`() throws {
        let names = ["chat", "a\"b", "c\\d", "e/f"]
        let response = LocalResponse(.models(names), isReady: true)
        let parsed = try JSONSerialization.jsonObject(with: Data(String(buffer: response.body).utf8))
        let list = try #require((parsed as? [String: Any])?["data"] as? [[String: Any]])
        #expect(list.compactMap { $0["id"] as? String } == names)
        #expect(list.allSatisfy { $0["object"] as? String == "model" })
    }

    @Test func `a gateway that stops is alive and not ready`() {
        #expect(LocalResponse(.alive, isReady: false).status == .ok)
        #expect(LocalResponse(.ready, isReady: false).status == .serviceUnavailable)
        #expect(LocalResponse(.ready, isReady: true).status == .ok)
    }
}
