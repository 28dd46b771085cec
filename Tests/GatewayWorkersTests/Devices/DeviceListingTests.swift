import Foundation
import Testing

@testable import GatewayWorkers

@Suite struct DeviceListingTests {
    private static let gpu = """
        {"index":0,"name":"CUDA0","kind":"gpu","description":"NVIDIA H200","totalBytes":150000000000,"freeBytes":149000000000}
        """

    @Test func `a list is read as the worker prints it`() throws {
        let cpu = #"{"index":1,"name":"CPU","kind":"cpu","totalBytes":16,"freeBytes":0,"more":true}"#
        let devices = try DeviceListing.read("[\(Self.gpu), \(cpu)]\n")
        #expect(devices.map(\.name) == ["CUDA0", "CPU"] && devices.map(\.kind) == [.gpu, .cpu])
        #expect(devices[0].total == 150_000_000_000 && devices[0].free == 149_000_000_000)
        #expect(devices[0].description == "NVIDIA H200" && devices[1].description.isEmpty)
        #expect(try DeviceListing.read("[]").isEmpty)
    }

    @Test(arguments: [
        "", "null", "[", "[{}]", "{\"index\":0}", "CUDA error\n[]", "[\(gpu)", "[\(gpu),\(gpu)]",
        "[\(gpu.replacingOccurrences(of: "CUDA0", with: ""))]",
        "[\(gpu.replacingOccurrences(of: "CUDA0", with: "a,b"))]",
        "[\(gpu.replacingOccurrences(of: "CUDA0", with: "a b"))]",
        "[\(gpu.replacingOccurrences(of: "CUDA0", with: "--once"))]",
        "[\(gpu.replacingOccurrences(of: "\"gpu\"", with: "\"quantum\""))]",
        "[\(gpu.replacingOccurrences(of: "149000000000", with: "-1"))]",
        "[\(gpu.replacingOccurrences(of: "149000000000", with: "9223372036854775807"))]",
        "[\(gpu.replacingOccurrences(of: "149000000000", with: "1e400"))]",
        String(repeating: " ", count: DeviceListing.longest) + "[]",
    ])
    func `what is no list of devices is refused as a whole`(text: String) {
        let failure = #expect(throws: DeviceFailure.self) { try DeviceListing.read(text) }
        #expect(failure?.description.isEmpty == false)
    }

    @Test func `a list that is cut short anywhere is none`() {
        let whole = "[\(Self.gpu)]"
        for length in 0..<whole.count {
            #expect(throws: DeviceFailure.self) { try DeviceListing.read(String(whole.prefix(length))) }
        }
    }
}

/// Real processes.
@Suite(.timeLimit(.minutes(2))) struct DeviceProbeTests {
    /// A program with this text; it goes with the folder.
    private static func program(_ text: String) throws -> String {
        let path = "/tmp/fake-lister-\(UUID().uuidString.prefix(8))"
        try Data("#!/bin/sh\n\(text)\n".utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
        return path
    }

    private static func failure(_ text: String, limit: Duration = .seconds(30)) async throws -> String {
        let path = try program(text)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let found = await DeviceProbe(executable: path, limit: limit).list()
        let failure = #expect(throws: DeviceFailure.self) { try found.get() }
        return failure?.description ?? ""
    }

    @Test func `the program is asked with one argument, and what it logs beside the list does no harm`() async throws {
        let path = try Self.program(
            #"echo "a line of the engine" >&2; [ "$*" = --list-devices ] && echo '[{"index":0,"name":"A0","kind":"gpu","totalBytes":2,"freeBytes":1}]'"#
        )
        defer { try? FileManager.default.removeItem(atPath: path) }
        let devices = try await DeviceProbe(executable: path).list().get()
        #expect(devices == [Device(index: 0, name: "A0", kind: .gpu, total: 2, free: 1)])
    }

    @Test func `the folder of the engine's backends is told to it`() async throws {
        let path = try Self.program(#"[ "$*" = "--list-devices --backends /opt/b" ] && echo '[]'"#)
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(try await DeviceProbe(executable: path, backends: "/opt/b").list().get() == [])
    }

    @Test func `one that fails is told with its last words`() async throws {
        #expect(try await Self.failure("echo first >&2; echo 'no driver' >&2; exit 65").contains("no driver"))
        #expect(try await Self.failure("echo nonsense").contains("nonsense"))
        #expect(try await Self.failure("kill -SEGV $$").contains("--list-devices ended with"))
        #expect(try await Self.failure("yes").contains("could not be run"))
        let missing = await DeviceProbe(executable: "/no/such/worker").list()
        #expect(throws: DeviceFailure.self) { try missing.get() }
    }

    @Test func `one that does not answer is ended in time`() async throws {
        #expect(try await Self.failure("exec sleep 600", limit: .milliseconds(300)).contains("no answer within"))
        #expect(try await Self.failure("trap '' TERM; while :; do sleep 1; done", limit: .milliseconds(300)) != "")
    }
}
