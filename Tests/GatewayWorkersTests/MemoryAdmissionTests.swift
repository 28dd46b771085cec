import Foundation
import Synchronization
import Testing

@testable import GatewayWorkers

@Suite struct MemoryAdmissionTests {
    private static let mebibyte: Int64 = 1 << 20

    private static func specification(_ path: String) -> WorkerSpecification {
        WorkerSpecification(id: "demo/chat/local", modelPath: path, modelName: "m")
    }

    /// Every model has a file of 1000 MiB and needs 100 of its own; processes have the MiB of their number.
    private static func admission(available: Int64?) -> MemoryAdmission {
        MemoryAdmission(
            available: { available.map { $0 * mebibyte } },
            need: { _, _ in MemoryNeed(file: 1000 * mebibyte, own: 100 * mebibyte) },
            own: { Int64($0) * mebibyte }
        )
    }

    private static func holder(_ path: String, _ process: Int32?) -> MemoryAdmission.Holder {
        MemoryAdmission.Holder(specification: specification(path), process: process)
    }

    @Test func `the first worker needs its file and its own`() {
        let asked = Self.specification("a")
        #expect(Self.admission(available: 1100).refusal(of: asked, beside: []) == nil)
        let refusal = Self.admission(available: 1099).refusal(of: asked, beside: [])
        #expect(refusal?.description.contains("1100 MiB") == true && refusal?.description.contains("1099 MiB") == true)
    }

    @Test func `another worker of the same file needs only its own`() {
        let there = [Self.holder("a", 100)]
        // The file of the one that runs still counts as available for the kernel.
        #expect(Self.admission(available: 1100).refusal(of: Self.specification("a"), beside: there) == nil)
        #expect(Self.admission(available: 1099).refusal(of: Self.specification("a"), beside: there) != nil)
        #expect(Self.admission(available: 2099).refusal(of: Self.specification("b"), beside: there) != nil)
        #expect(Self.admission(available: 2100).refusal(of: Self.specification("b"), beside: there) == nil)
    }

    @Test func `what lies on GPUs does not count against the machine, and its file is nobody else's`() {
        let share = Placement.Share(name: "CUDA0", part: 1, bytes: 1)
        let admission = MemoryAdmission(
            available: { 1100 * Self.mebibyte },
            need: { _, placement in
                placement.shares.isEmpty
                    ? MemoryNeed(file: 1000 * Self.mebibyte, own: 100 * Self.mebibyte)
                    : MemoryNeed(file: 0, own: 50 * Self.mebibyte)
            },
            own: { Int64($0) * Self.mebibyte }
        )
        let asked = Self.specification("a")
        #expect(admission.refusal(of: asked, on: .devices([share]), beside: [Self.holder("a", 100)]) == nil)
        var there = Self.holder("a", 50)
        there.placement = .devices([share])
        #expect(admission.refusal(of: asked, on: .devices([share]), beside: [there]) == nil)
        // It has taken its 50, which are not in the 1100 any more: the file counts for the first one on the CPU.
        #expect(admission.refusal(of: asked, beside: [there]) == nil)
        there = MemoryAdmission.Holder(specification: asked, process: nil, placement: .devices([share]))
        let refusal = admission.refusal(of: asked, on: .host(reason: "no GPU has room"), beside: [there])
        #expect(refusal?.description.contains("; on no GPU: no GPU has room") == true)
    }

    @Test func `one that has not yet taken what it needs is counted as if it had`() {
        let there = [Self.holder("a", nil), Self.holder("a", 20)]
        // 1200 entitled, 20 taken.
        #expect(Self.admission(available: 1279).refusal(of: Self.specification("a"), beside: there) != nil)
        #expect(Self.admission(available: 1280).refusal(of: Self.specification("a"), beside: there) == nil)
    }

    @Test func `one that has taken more than was thought is counted by that`() {
        let there = [Self.holder("a", 500)]
        #expect(Self.admission(available: 1099).refusal(of: Self.specification("a"), beside: there) != nil)
        #expect(Self.admission(available: 1100).refusal(of: Self.specification("a"), beside: there) == nil)
    }

    @Test func `a machine that does not say what it has refuses nothing`() {
        #expect(Self.admission(available: nil).refusal(of: Self.specification("a"), beside: []) == nil)
    }

    @Test func `the tightest control group around the process counts, without what is only cached`() {
        let files = [
            "/sys/fs/cgroup/a/b/memory.max": "max\n", "/sys/fs/cgroup/a/b/memory.current": "10\n",
            "/sys/fs/cgroup/a/memory.max": "1000\n", "/sys/fs/cgroup/a/memory.current": "900\n",
            "/sys/fs/cgroup/a/memory.stat": "anon 600\nfile 300\n",
        ]
        #expect(MachineMemory.room(group: "0::/a/b\n") { files[$0] } == 400)
        #expect(MachineMemory.room(group: "0::/\n") { files[$0] } == nil)
        let first = [
            "/sys/fs/cgroup/memory/memory.limit_in_bytes": "2000", "/sys/fs/cgroup/memory/memory.usage_in_bytes": "500",
        ]
        #expect(MachineMemory.room(group: "5:cpu:/x\n4:memory:/x\n") { first[$0] } == 1500)
    }

    @Test func `a process's memory is read as the kernel writes it`() {
        let text = "Name:\tx\nVmRSS:\t  2048 kB\nRssAnon:\t    1024 kB\nThreads:\t3\n"
        let memory = ProcessMemory(status: text)
        #expect(memory?.resident == 2 * Self.mebibyte && memory?.own == Self.mebibyte)
        #expect(ProcessMemory(status: "Name:\tzombie\n") == nil)
        #expect(ProcessMemory.of(ProcessInfo.processInfo.processIdentifier)?.resident ?? 0 > 0)
    }

    @Test func `a worker over a limit is told why`() {
        let watch = WorkerWatch(WorkerLimits(start: .seconds(5), memory: 64 << 20))
        #expect(watch.fault(after: .seconds(5), 64 << 20) == nil)
        #expect(watch.fault(after: .seconds(6), nil)?.contains("start_seconds = 5") == true)
        #expect(watch.fault(after: .seconds(1), 65 << 20) == "it has 65 MiB of memory, over memory_mb = 64")
        let patient = WorkerWatch(WorkerLimits(start: .seconds(5)))
        #expect(patient.answered(ProcessInfo.processInfo.processIdentifier) { _ in })
        #expect(patient.fault(after: .seconds(6), nil) == nil)
    }

    @Test func `a worker that has loaded more than it may is never ready, and is told why once`() {
        let watch = WorkerWatch(WorkerLimits(memory: 1 << 20))
        let lines = Mutex<[String]>([])
        for _ in 0..<2 {
            let mayGoOn = watch.answered(ProcessInfo.processInfo.processIdentifier) { line in
                lines.withLock { $0.append(line) }
            }
            #expect(!mayGoOn)
        }
        #expect(watch.isOver.isSet && watch.reason?.contains("over memory_mb = 1") == true)
        #expect(lines.withLock(\.count) == 1)
    }
}
