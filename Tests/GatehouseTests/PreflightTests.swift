import Foundation
import Testing

@testable import gatehouse

/// What is found of a configuration without starting.
@Suite struct PreflightTests {
    private let root = NSTemporaryDirectory() + "/preflight-\(UUID().uuidString)"

    @Test func `a folder that cannot be made, or takes no files, is told before the start`() throws {
        try PrivateOutput.makeFolder(root)
        try PrivateOutput.put("text".utf8, to: "\(root)/file")
        #expect(Preflight.obstacle(to: root) == nil && Preflight.obstacle(to: "\(root)/a/b") == nil)
        for path in ["\(root)/file", "\(root)/file/below"] {
            #expect(Preflight.obstacle(to: path)?.hasSuffix("/file is a file, not a folder") == true)
        }
        #expect(Preflight.obstacle(to: "/proc/none/below") == "/proc cannot be written")
    }
}
