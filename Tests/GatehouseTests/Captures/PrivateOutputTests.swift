import ArgumentParser
import Foundation
import GatewayAPI
import Testing

@testable import gatehouse

/// Files and folders that commands make of captures.
@Suite struct PrivateOutputTests {
    private let root = NSTemporaryDirectory() + "/output-\(UUID().uuidString)"

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func `what is written is its owner's alone, also over a file that others could read`() throws {
        try PrivateOutput.makeFolder("\(root)/a/b")
        try PrivateOutput.makeFolder("\(root)/a/b")
        #expect(try mode("\(root)/a") == 0o700 && mode("\(root)/a/b") == 0o700)
        let path = "\(root)/a/b/file"
        for text in ["a longer one", "short"] {
            try PrivateOutput.put(text.utf8, to: path)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == text && mode(path) == 0o600)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        }
    }

    @Test func `whether a file can be written is found out without leaving one or changing one`() throws {
        try PrivateOutput.makeFolder(root)
        try PrivateOutput.check("\(root)/new")
        #expect(!FileManager.default.fileExists(atPath: "\(root)/new"))
        try PrivateOutput.put("text".utf8, to: "\(root)/old")
        try PrivateOutput.check("\(root)/old")
        #expect(try String(contentsOfFile: "\(root)/old", encoding: .utf8) == "text")
        for path in ["\(root)/missing/file", root] {
            #expect { try PrivateOutput.check(path) } throws: { "\($0)".hasPrefix("\(path) cannot be written: ") }
        }
    }

    @Test func `a folder that cannot be made is named, with the reason`() throws {
        try PrivateOutput.makeFolder(root)
        try PrivateOutput.put("text".utf8, to: "\(root)/file")
        for path in ["\(root)/file", "\(root)/file/below"] {
            #expect { try PrivateOutput.makeFolder(path) } throws: {
                "\($0)".hasPrefix("\(root)/file is a file, not a folder")
            }
        }
    }

    @Test func `a report that cannot be written takes nothing from the verdict`() throws {
        var comparison = ComparisonResource(
            id: "1",
            kind: "replay",
            state: "finished",
            author: "rita",
            startTime: "2026-12-31T18:00:00Z",
            request: ComparisonRequest(endpoint: "chat", to: "green")
        )
        let sides = ComparisonReport.Sides(one: 1, other: 2)
        let percentiles = ComparisonReport.Percentiles(pairs: 1, p50: sides, p90: sides, p95: sides, p99: sides)
        comparison.report = ComparisonReport(verdict: "differs", latency: percentiles, length: percentiles)
        let options = try ReportOptions.parse(["--json", "\(root)/missing/file"])
        let output = try OutputOptions.parse([])
        #expect(throws: ReportOptions.differs) { try options.show(comparison, output) }
        comparison.report?.verdict = "agree"
        #expect(throws: ExitCode.failure) { try options.show(comparison, output) }
    }
}
