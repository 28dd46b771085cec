import Curl
import Foundation
import Logging
import Testing

@testable import GatewayWorkers

/// How the end of a process is told.
@Suite(.timeLimit(.minutes(1))) struct WorkerEndTests {
    /// Runs a script in place of a worker, with a file in place of the kernel's count; returns how it is said to have ended.
    ///
    /// - Parameter kills: the file's text before the start; `nil`: there is no such file.
    private func end(of script: String, kills: String?, stop: StopSignal = StopSignal()) async throws -> String {
        let file = "/tmp/memory-events-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: file) }
        if let kills { try Data(kills.utf8).write(to: URL(fileURLWithPath: file)) }
        let process = WorkerProcess(
            executable: "/bin/sh",
            arguments: ["-c", script, file],
            socket: "/no/such.sock",
            curl: CurlClient(logger: Logger(label: "test")),
            grace: .milliseconds(100),
            limits: WorkerLimits(),
            outOfMemoryKills: {
                OutOfMemoryKills.count(group: "0::/workers") { path in
                    guard path == "/sys/fs/cgroup/workers/memory.events" else { return nil }
                    return try? String(contentsOfFile: file, encoding: .utf8)
                }
            }
        )
        return await process.run(until: stop) { _ in
        } onReady: {
        } onLine: { line in
            if line == "up" { stop.set() }
        }
    }

    @Test func `one that gives up says why, in the words of its last line`() async throws {
        let line = #"{"level":"critical","message":"model refused","reason":"The file a.gguf is damaged."}"#
        #expect(
            try await end(of: "echo first; echo '\(line)'; exit 65", kills: nil)
                == "it ended with exited(65): model refused: The file a.gguf is damaged."
        )
        #expect(try await end(of: "echo plain words; exit 64", kills: nil) == "it ended with exited(64): plain words")
        let long = String(repeating: "x", count: 2000)
        #expect(try await end(of: "echo \(long); exit 65", kills: nil).count < 600)
        for quiet in ["exit 3", "exit 0", "echo words; exit 9"] {
            #expect(try await end(of: quiet, kills: nil).hasSuffix(")"))
        }
    }

    @Test func `one that the kernel kills for want of memory is said to be, with its size`() async throws {
        let script = "sleep 0.6; echo 'oom 1\noom_kill 3\noom_group_kill 0' > $0; kill -9 $$"
        let said = try await end(of: script, kills: "oom 0\noom_kill 2\n")
        let cause = "most likely the kernel, for want of memory, as 1 of its control group since it was started"
        #expect(said.hasPrefix("it ended with signaled(9): \(cause); it had "), "\(said)")
        #expect(said.contains(" MiB shortly before"), "\(said)")
    }

    @Test func `of another that is killed the likely cause is named`() async throws {
        let counted = try await end(of: "kill -9 $$", kills: "oom_kill 2\n")
        #expect(counted.contains("not the gateway, nor by its count the kernel for want of memory"), "\(counted)")
        let unknown = try await end(of: "kill -9 $$", kills: nil)
        #expect(unknown.contains("not the gateway: most likely the kernel, for want of memory"), "\(unknown)")
    }

    @Test func `of other ends, and of those that the gateway made, nothing is guessed`() async throws {
        #expect(try await end(of: "exit 3", kills: "oom_kill 0") == "it ended with exited(3)")
        #expect(try await end(of: "kill -7 $$", kills: nil) == "it ended with signaled(7)")
        let deaf = "trap '' TERM; echo up; while :; do sleep 0.1; done"
        #expect(try await end(of: deaf, kills: nil) == "it ended with signaled(9)")
    }

    @Test(arguments: [
        ("0::/a/b", ["/sys/fs/cgroup/a/b/memory.events": "oom_kill 4\noom_group_kill 1"], 4),
        // In a container the group's own name is that of the host.
        ("0::/a/b", ["/sys/fs/cgroup/memory.events": "max 1\noom_kill 5"], 5),
        (
            "4:memory:/a\n0::/",
            ["/sys/fs/cgroup/memory/a/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 6"], 6
        ),
        ("3:cpuset:/a", ["/sys/fs/cgroup/memory/a/memory.oom_control": "oom_kill 6"], nil),
        ("0::/", [:], nil),
    ])
    func `the count is the kernel's for the control group`(group: String, files: [String: String], count: Int?) {
        #expect(OutOfMemoryKills.count(group: group) { files[$0] } == count)
    }
}
