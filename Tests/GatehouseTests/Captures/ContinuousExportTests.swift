import Foundation
import GatewayAPI
import GatewayAdmin
import GatewayCore
import GatewayStore
import Logging
import Testing

@testable import gatehouse

/// Files that go on over stops, each capture once.
@Suite struct ContinuousExportTests {
    private let root = NSTemporaryDirectory() + "/exports-\(UUID().uuidString)"
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func text(_ file: String) -> String? { try? String(contentsOfFile: "\(root)/\(file)", encoding: .utf8) }

    private static func line(_ file: String, _ text: String) -> ExportedLine { ExportedLine(file: file, text: text) }

    @Test func `lines are appended to their files, and the position is kept`() throws {
        var export = try ContinuousExport(root, .jsonl, lastNumber: 9, atBoot: 9)
        #expect(export.exported == 0)
        let lines = [("a/1.jsonl", "1"), ("b/1.jsonl", "2"), ("a/1.jsonl", "3")].map { Self.line($0.0, $0.1) }
        try export.write(lines, upTo: 3)
        try export.write([Self.line("a/1.jsonl", "4")], upTo: 4)
        #expect(text("a/1.jsonl") == "1\n3\n4\n" && text("b/1.jsonl") == "2\n")
        #expect(try ContinuousExport(root, .jsonl, lastNumber: 9, atBoot: 9).exported == 4)
        let mode = try FileManager.default.attributesOfItem(atPath: "\(root)/a/1.jsonl")[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func `what a kill left half written is taken back, and written once`() throws {
        var export = try ContinuousExport(root, .jsonl, lastNumber: 9, atBoot: 9)
        try export.write([Self.line("a/1.jsonl", "one")], upTo: 1)
        // As a kill in the middle of the next batch leaves it: the journal says what is being written.
        var journal = try #require(try ExportJournal.read(in: root))
        journal.writing = ["a/1.jsonl": 4, "a/2.jsonl": 0]
        try journal.write(in: root)
        try ExportFolder(root: root).append([Self.line("a/1.jsonl", "tw"), Self.line("a/2.jsonl", "thr")])
        var again = try ContinuousExport(root, .jsonl, lastNumber: 9, atBoot: 9)
        #expect(text("a/1.jsonl") == "one\n" && text("a/2.jsonl") == nil && again.exported == 1)
        try again.write([Self.line("a/1.jsonl", "two"), Self.line("a/2.jsonl", "three")], upTo: 3)
        #expect(text("a/1.jsonl") == "one\ntwo\n" && text("a/2.jsonl") == "three\n")
    }

    @Test func `captures that a power cut took are numbered again, and exported, however many there are by then`()
        throws
    {
        var export = try ContinuousExport(root, .jsonl, lastNumber: 9, atBoot: 0, boot: "one")
        try export.write([Self.line("a.jsonl", "9")], upTo: 9)
        #expect(try ContinuousExport(root, .jsonl, lastNumber: 12, atBoot: 7, boot: "two").exported == 7)
    }

    @Test func `what another process exported since this one began is not exported again`() throws {
        var export = try ContinuousExport(root, .jsonl, lastNumber: 9, atBoot: 0)
        try export.write([Self.line("a.jsonl", "9")], upTo: 9)
        #expect(try ContinuousExport(root, .jsonl, lastNumber: 12, atBoot: 7).exported == 9)
    }

    @Test func `of captures whose file was replaced all are exported`() throws {
        var export = try ContinuousExport(root, .jsonl, lastNumber: 9, atBoot: 0)
        try export.write([Self.line("a.jsonl", "9")], upTo: 9)
        #expect(try ContinuousExport(root, .jsonl, lastNumber: 2, atBoot: 0).exported == 2)
    }

    @Test func `a folder is of one format`() throws {
        _ = try ContinuousExport(root, .jsonl, lastNumber: 0, atBoot: 0)
        #expect(throws: ClientError.self) { try ContinuousExport(root, .azure, lastNumber: 0, atBoot: 0) }
    }

    @Test func `a command's export goes on behind what is there, and what it left half written is taken back`()
        throws
    {
        func record(_ id: Int64) -> ExportedRecordResource {
            ExportedRecordResource(id: id, file: "a.jsonl", line: "\(id)")
        }
        func export(_ after: Int64?, format: ExportFormat = .jsonl, tenant: String = "demo") throws -> CommandExport {
            try CommandExport(root, format, of: tenant, after: after)
        }
        // One that has written nothing leaves room for any other.
        do { _ = try export(nil, format: .azure) }
        do {
            var first = try export(5)
            try first.write([record(6)])
            #expect(throws: ClientError.self) { try export(6) }
            try first.write([record(7)])
        }
        var journal = try #require(try ExportJournal.read(in: root))
        journal.writing = ["a.jsonl": 4]
        try journal.write(in: root)
        try ExportFolder(root: root).append([Self.line("a.jsonl", "8 and no mo")])
        for after in [nil, 0, 6] as [Int64?] {
            #expect { try export(after) } throws: { "\($0)".contains("--after 7") }
        }
        let words = "in the format jsonl, of the tenant demo"
        #expect { try export(7, format: .azure) } throws: { "\($0)".contains(words) }
        #expect { try export(7, tenant: "other") } throws: { "\($0)".contains(words) }
        #expect(throws: ClientError.self) { try ContinuousExport(root, .jsonl, lastNumber: 9, atBoot: 9) }
        var second = try export(7)
        try second.write([record(8)])
        #expect(text("a.jsonl") == "6\n7\n8\n")
    }

    @Test func `a folder with other things in it, or one of the gateway's exports, takes no command's`() throws {
        try ExportFolder(root: "\(root)/strange").append([Self.line("a.jsonl", "1")])
        _ = try ContinuousExport("\(root)/own", .jsonl, lastNumber: 0, atBoot: 0)
        for (name, words) in [
            ("strange", "is not empty"), ("own", "of all tenants"), ("strange/a.jsonl", "is a file"),
        ] {
            #expect { try CommandExport("\(root)/\(name)", .jsonl, of: "demo", after: 9) } throws: {
                "\($0)".contains(words)
            }
        }
        #expect(!FileManager.default.fileExists(atPath: "\(root)/strange/\(FolderLock.name)"))
    }

    @Test func `a folder is one process's at a time`() throws {
        var first = try FolderLock(root)
        #expect(first != nil)
        #expect(try FolderLock(root) == nil)
        first = nil
        #expect(try FolderLock(root) != nil)
    }

    @Test func `what cannot be written leaves all files as they were`() throws {
        let folder = ExportFolder(root: root)
        try folder.append([Self.line("a.jsonl", "1")])
        // A file stands where a folder would have to be.
        #expect(throws: (any Error).self) {
            try folder.append([Self.line("a.jsonl", "2"), Self.line("a.jsonl/b.jsonl", "3")])
        }
        #expect(text("a.jsonl") == "1\n")
    }

    @Test(arguments: ["../x", "/etc/x", "a/../../x", "a//b", ".", "a/./b", "", "../\u{301}\u{600}/../x"])
    func `no name that comes from elsewhere leads out of the folder`(file: String) {
        #expect(throws: ClientError.self) { try ExportFolder(root: root).append([Self.line(file, "1")]) }
    }

    @Test func `captures are exported as they come, by the rate of their deployment, and after a failure as well`()
        async throws
    {
        let store = try CaptureStore(path: "\(root)/store/captures.db")
        let sources = CaptureExporter.Sources(
            store: store,
            tenant: { TenantDefinition(name: $0) },
            rollingRate: { $0 == "demo/chat/blue" ? .day : .minute }
        )
        func exporter() -> CaptureExporter { CaptureExporter("\(root)/out", .azure, sources, Self.logger) }
        try store.append((1...3).map { Self.capture($0, "blue") } + [Self.capture(4, "green")])
        do {
            let first = exporter()
            #expect(await first.round() == .done)
            #expect(await first.round() == .nothingToDo)
            let waiting = exporter()
            #expect(await waiting.round() == .nothingToDo)
            await first.stop()
            await waiting.stop()
        }
        let folder = "out/demo/modelDataCollector/chat"
        #expect(text("\(folder)/blue/request/2026/12/31/gatehouse.jsonl")?.split(separator: "\n").count == 3)
        #expect(text("\(folder)/green/request/2026/12/31/18/05/gatehouse.jsonl")?.split(separator: "\n").count == 1)
        let second = exporter()
        try store.append([Self.capture(5, "blue")])
        let moved = "\(root)/elsewhere"
        try FileManager.default.moveItem(atPath: "\(root)/\(folder)", toPath: moved)
        try Data().write(to: URL(fileURLWithPath: "\(root)/\(folder)"))
        #expect(await second.round() == .failed)
        try FileManager.default.removeItem(atPath: "\(root)/\(folder)")
        try FileManager.default.moveItem(atPath: moved, toPath: "\(root)/\(folder)")
        #expect(await second.round() == .done)
        let lines = text("\(folder)/blue/request/2026/12/31/gatehouse.jsonl")?.split(separator: "\n") ?? []
        #expect(lines.count == 4 && Set(lines).count == 4)
        await second.stop()
    }

    private static func capture(_ number: Int, _ deployment: String) -> Capture {
        var receipt = Receipt(requestID: "request-\(number)", startedAt: 1_798_740_307_250_000)
        receipt.tenant = "demo"
        receipt.endpoint = "chat"
        receipt.deployment = deployment
        let message = CapturedMessage(body: Array("\"\(number)\"".utf8), size: 3)
        return Capture(receipt: receipt, rule: CaptureRule(), request: message, response: message)
    }
}
