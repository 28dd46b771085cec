import GRDB
import GatewayCore
import Testing

@testable import GatewayStore

/// Which words of a body are found.
extension CaptureStoreTests {
    private static func answered(_ type: String, _ body: String) -> Capture {
        var capture = Self.capture(1)
        capture.response.headers = [.init(name: "content-type", value: type)]
        capture.response.body = Array(body.utf8)
        return capture
    }

    private static func finds(_ text: String, in store: CaptureStore) async throws -> Bool {
        try await !store.list(Self.query { $0.text = text }).isEmpty
    }

    @Test(arguments: ["ornithopter", "\"the ornithopter lands\"", "chatcmpl"])
    func `what a stream says in pieces is found, and what its events are called`(text: String) async throws {
        let store = try Self.store()
        let events = ["The or", "nitho", "pter lands"]
            .map { #"data: {"id":"chatcmpl-7","choices":[{"index":0,"delta":{"content":"\#($0)"}}]}"# + "\n\n" }
        try store.append([Self.answered("text/event-stream", events.joined() + "data: [DONE]\n\n")])
        try await Self.index(store)
        #expect(try await Self.finds(text, in: store))
        #expect(try await store.delete(1, tenant: "demo"))
        #expect(try await !Self.finds(text, in: store))
    }

    @Test func `letters that JSON escapes are found`() async throws {
        let store = try Self.store()
        try store.append([Self.answered("application/json", #"{"name":"M\u00fcller","said":"one\nhurdle"}"#)])
        try await Self.index(store)
        #expect(try await Self.finds("Müller", in: store))
        #expect(try await Self.finds("hurdle", in: store))
    }

    @Test func `an index of an earlier version goes on as it began`() async throws {
        let store = try Self.store()
        let stream = #"data: {"delta":"or"}"# + "\n\n" + #"data: {"delta":"nithopter"}"# + "\n\n"
        try store.append([Self.answered("text/event-stream", stream), Self.capture(2)])
        try store.write { try $0.execute(sql: "UPDATE segments SET text_form = 1") }
        try await Self.index(store)
        #expect(try await Self.finds("nithopter", in: store))
        #expect(try await !Self.finds("ornithopter", in: store))
        #expect(try await store.delete(1, tenant: "demo"))
        #expect(try await !Self.finds("nithopter", in: store))
        #expect(try await Self.finds("hello", in: store))
    }
}
