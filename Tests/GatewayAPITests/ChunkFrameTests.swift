import Foundation
import Testing

@testable import GatewayAPI

@Suite struct ChunkFrameTests {
    private struct Chunk: Codable, Equatable {
        var model = #"a "content":"" in its name"#
        var content: String
    }

    @Test(arguments: [
        "", "word", "\"quoted\" \\ back", "two\nlines\r\ttab", "\u{0}\u{1f}\u{7f}", "Grüße 日本 👋", "</script>",
    ])
    func `a text in the frame is what the encoder would have written`(text: String) throws {
        let frame = try ChunkFrame(Array(JSONEncoder().encode(Chunk(content: ""))), name: "content")
        #expect(try JSONDecoder().decode(Chunk.self, from: Data(frame.around(text))) == Chunk(content: text))
    }

    @Test func `a chunk without the member makes no frame`() {
        #expect(throws: ChunkFrame.NoText.self) { try ChunkFrame(Array("{}".utf8), name: "content") }
    }
}
