import Foundation
import Logging
import Synchronization
import Testing

@testable import GatewayLog

/// What stands in the log.
@Suite struct JSONLinesHandlerTests {
    /// What a handler wrote.
    private final class Paper: Sendable {
        private let written = Mutex<[UInt8]>([])

        var text: String { String(decoding: written.withLock { $0 }, as: UTF8.self) }

        func logger(_ level: Logger.Level = .info) -> Logger {
            Logger(label: "test") { _ in JSONLinesHandler(level: level) { line in self.written.withLock { $0 += line } }
            }
        }
    }

    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        [.control, .format, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
    }

    private static func read(_ line: some StringProtocol) throws -> [String: String] {
        try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
    }

    @Test(arguments: [
        "two\r\nlines\nand \u{1b}[2Ja screen", #"","level":"trace"}{"#, #"\"quotes\" and \n"#,
        "\0\u{7f}\u{85}\u{9b}31m",
        "\u{2028}\u{2029}", "\u{202e}turned\u{2066}", "\u{e0041}hidden", "ä 🙂 日本", "",
    ])
    func `what an event holds stays on its line, and comes back as it was`(hostile: String) throws {
        let paper = Paper()
        paper.logger().warning("\(hostile)", metadata: ["a": "\(hostile)", "b\(hostile)": ["\(hostile)"]])
        let lines = paper.text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 2 && lines.last == "", "\(paper.text)")
        let line = try #require(lines.first)
        #expect(!line.unicodeScalars.contains(where: Self.isInvisible))
        let members = try Self.read(line)
        #expect(members["message"] == hostile && members["a"] == hostile && members["level"] == "warning")
        #expect(members.count == 5 && members["b\(hostile)"] != nil)
    }

    @Test func `time, level and message come first, then the rest by name`() throws {
        let paper = Paper()
        var logger = paper.logger()
        logger[metadataKey: "tenant"] = "demo"
        logger.error("a worker died", metadata: ["code": "9"])
        let line = #/\{"time":"([^"]+)","level":"error","message":"a worker died","code":"9","tenant":"demo"\}\n/#
        let time = try #require(paper.text.wholeMatch(of: line)?.1)
        #expect(throws: Never.self) {
            try Date(String(time), strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        }
    }

    @Test func `no name comes twice`() throws {
        let paper = Paper()
        paper.logger().info(
            "the message",
            metadata: ["message": "another", "time": "never", "level_": "x", "level": "y"]
        )
        let members = try Self.read(paper.text)
        #expect(members["message"] == "the message" && members["message_"] == "another" && members["time_"] == "never")
        #expect(members["level"] == "info" && Set([members["level_"], members["level__"]]) == ["x", "y"])
    }

    @Test func `what is below the level is not written`() {
        let paper = Paper()
        paper.logger(.notice).info("nothing")
        paper.logger(.debug).debug("something")
        #expect(paper.text.contains("something") && !paper.text.contains("nothing"))
    }
}
