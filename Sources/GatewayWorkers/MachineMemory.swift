import Foundation

/// How much memory can be had on this machine.
enum MachineMemory {
    /// Bytes, within the limits of the control groups that this process is in; `nil` where the system does not say.
    static func available() -> Int64? {
        let table = (try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8)).map(MemorySize.table)
        guard let machine = table?["MemAvailable"] else { return nil }
        let room = room(group: MemoryGroup.own()) { try? String(contentsOfFile: $0, encoding: .utf8) }
        return min(machine, room ?? machine)
    }

    /// What the limits of a process's control group and of those around it leave; `nil` when there is none.
    ///
    /// - Parameters:
    ///   - group: the text of `/proc/self/cgroup`.
    ///   - read: a file's text.
    static func room(group: String, _ read: (String) -> String?) -> Int64? {
        let found = MemoryGroup.all(in: group).flatMap { group in
            group.folders.compactMap { group.isSecond ? second($0, read) : first($0, read) }
        }
        return found.min()
    }

    private static func second(_ folder: String, _ read: (String) -> String?) -> Int64? {
        room(read(folder + "/memory.max"), read(folder + "/memory.current"), read(folder + "/memory.stat"), "file")
    }

    private static func first(_ folder: String, _ read: (String) -> String?) -> Int64? {
        room(
            read(folder + "/memory.limit_in_bytes"),
            read(folder + "/memory.usage_in_bytes"),
            read(folder + "/memory.stat"),
            "total_cache"
        )
    }

    /// Cached files are given away when somebody needs the memory.
    private static func room(_ limit: String?, _ used: String?, _ statistics: String?, _ cache: String) -> Int64? {
        guard let limit = number(limit), let used = number(used), limit < 1 << 60 else { return nil }
        let line = statistics?.split(separator: "\n").first { $0.hasPrefix(cache + " ") }
        let cached = line.flatMap { number(String($0.dropFirst(cache.count + 1))) } ?? 0
        return max(0, limit - max(0, used - cached))
    }

    private static func number(_ text: String?) -> Int64? {
        text.flatMap { Int64($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
}
