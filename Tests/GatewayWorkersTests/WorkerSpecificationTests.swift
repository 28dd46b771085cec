import Foundation
import Testing

@testable import GatewayWorkers

@Suite struct WorkerSpecificationTests {
    private let specification = WorkerSpecification(
        id: "demo/chat/local",
        modelPath: "m.gguf",
        modelName: "m",
        instances: 2
    )

    @Test func `only what is set becomes an option`() {
        var specification = specification
        specification.slots = 4
        specification.arguments = ["--queue", "8"]
        #expect(
            specification.commandLine(socket: "s")
                == ["--model", "m.gguf", "--socket", "s", "--name", "m", "--slots", "4", "--queue", "8"]
        )
    }

    @Test func `every worker is told what the gateway's file says of all`() {
        #expect(WorkerSpecification.arguments(backends: nil).isEmpty)
        #expect(
            WorkerSpecification.arguments(backends: "/b", stepLimit: .seconds(90))
                == ["--backends", "/b", "--step-seconds", "90"]
        )
    }

    @Test func `another number of instances keeps those that run`() {
        var more = specification
        more.scale(3...3, target: 4, idle: .seconds(300))
        #expect(Set(more.copies).subtracting(specification.copies).map(\.index) == [2])
    }

    @Test func `each instance has its own socket and other settings have others`() throws {
        var other = specification
        other.threads = 2
        let paths =
            try WorkerSocket.paths(of: specification, in: "run") + WorkerSocket.paths(of: other, in: "run")
        #expect(Set(paths).count == 4)
        #expect(paths.allSatisfy { $0.hasPrefix("run/") && $0.utf8.count < 32 })
    }

    @Test func `a socket path that the system would cut is refused`() {
        let directory = String(repeating: "d", count: 90)
        let failure = #expect(throws: WorkerFailure.self) { try WorkerSocket.paths(of: specification, in: directory) }
        #expect(failure?.description.contains("shorter directory") == true)
    }

    @Test func `a worker sees no secret of the gateway`() {
        let visible = WorkerEnvironment.visible(
            of: ["PATH": "/bin", "CUDA_VISIBLE_DEVICES": "0", "GATEHOUSE_SECRET_KEY": "s", "BACKEND_KEY": "b"]
        )
        #expect(visible == ["PATH": "/bin", "CUDA_VISIBLE_DEVICES": "0"])
    }

    @Test func `the log keeps the last lines`() {
        var tail = LogTail(capacity: 2)
        for line in ["a", "b", "c"] { tail.append(WorkerLine(time: .now, instance: 0, text: line)) }
        #expect(tail.lines.map(\.text) == ["b", "c"])
    }
}
