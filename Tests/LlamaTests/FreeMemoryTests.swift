import Testing

@testable import Llama

@Suite struct FreeMemoryTests {
    @Test func `what the machine has free is what programs can get without swapping`() {
        let text = "MemTotal:       2000 kB\nMemFree:         100 kB\nMemAvailable:    1500 kB\n"
        #expect(FreeMemory.available(text) == 1_536_000)
        #expect(FreeMemory.available("MemTotal: 2000 kB") == nil)
    }

    @Test func `a limit of a control group holds for all below it`() {
        #expect(
            FreeMemory.directories("0::/system.slice/gatehouse.service\n") == [
                "/sys/fs/cgroup", "/sys/fs/cgroup/system.slice", "/sys/fs/cgroup/system.slice/gatehouse.service",
            ]
        )
        #expect(
            FreeMemory.directories("9:name=systemd:/x\n4:cpu,memory:/a\n2:cpuacct:/b\n") == [
                "/sys/fs/cgroup/memory", "/sys/fs/cgroup/memory/a",
            ]
        )
        #expect(FreeMemory.directories("0::/../../x") == ["/sys/fs/cgroup", "/sys/fs/cgroup/x"])
    }

    @Test func `pages of files do not count as taken`() {
        let statistics = "anon 300\ninactive_file 200\nactive_file 100\n"
        #expect(FreeMemory.left(limit: "1000\n", used: "700\n", statistics: statistics) == 600)
        #expect(FreeMemory.left(limit: "1000", used: "1700", statistics: "") == 0)
        #expect(FreeMemory.left(limit: "max\n", used: "700\n", statistics: statistics) == nil)
    }

    @Test func `this machine says what it has`() throws {
        let free = try #require(FreeMemory.read())
        #expect(free > 1_048_576)
    }
}
