import Foundation

/// How many bytes this process may still take: what the machine has free, and what its control group allows.
enum FreeMemory {
    /// Nil where the system does not say.
    static func read() -> Int? {
        let machine = text("/proc/meminfo").flatMap(available)
        let groups = text("/proc/self/cgroup").map(directories) ?? []
        return ([machine] + groups.map(left)).compactMap { $0 }.min()
    }

    /// `MemAvailable` of /proc/meminfo.
    static func available(_ meminfo: String) -> Int? {
        let line = meminfo.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
    }

    /// The folders of the memory controller, of version 2 and 1, that /proc/self/cgroup names, and those above them: a limit
    /// holds for all below it.
    static func directories(_ cgroup: String) -> [String] {
        cgroup.split(separator: "\n").flatMap { line -> [String] in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return [] }
            let isUnified = parts[0] == "0" && parts[1].isEmpty
            guard isUnified || parts[1].split(separator: ",").contains("memory") else { return [] }
            let root = isUnified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"
            var folders = [root]
            for name in parts[2].split(separator: "/") where name != ".." {
                folders.append(folders[folders.count - 1] + "/" + name)
            }
            return folders
        }
    }

    /// What a control group's limit leaves; pages of files that can be read again do not count.
    static func left(limit: String, used: String, statistics: String) -> Int? {
        guard let limit = Int(limit.trimmingCharacters(in: .whitespacesAndNewlines)),
            let used = Int(used.trimmingCharacters(in: .whitespacesAndNewlines))
        else { return nil }
        let files = statistics.split(separator: "\n").reduce(0) { sum, line in
            let words = line.split(separator: " ")
            guard words.count == 2, words[0] == "inactive_file" || words[0] == "active_file" else { return sum }
            return sum + (Int(words[1]) ?? 0)
        }
        return max(0, limit - max(0, used - files))
    }

    private static func left(in directory: String) -> Int? {
        for (limit, used) in [
            ("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes"),
        ] {
            guard let limit = text("\(directory)/\(limit)"), let used = text("\(directory)/\(used)") else { continue }
            return left(limit: limit, used: used, statistics: text("\(directory)/memory.stat") ?? "")
        }
        return nil
    }

    /// Files of the kernel have no size: they are read to their end.
    private static func text(_ path: String) -> String? {
        guard let file = FileHandle(forReadingAtPath: path), let data = try? file.readToEnd() else { return nil }
        return String(decoding: data, as: UTF8.self)
    }
}
