import Foundation

/// How many processes of this process's control group, to which its workers belong, the kernel has killed for want of
/// memory, whether the group's or the machine's.
enum OutOfMemoryKills {
    /// `nil` where the kernel does not say.
    static func count() -> Int? {
        let group = (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? ""
        return count(group: group) { try? String(contentsOfFile: $0, encoding: .utf8) }
    }

    /// - Parameters:
    ///   - group: the text of `/proc/self/cgroup`.
    ///   - read: a file's text.
    static func count(group: String, _ read: (String) -> String?) -> Int? {
        for line in group.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let isSecond = parts[1].isEmpty
            guard isSecond || parts[1].split(separator: ",").contains("memory") else { continue }
            let root = isSecond ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"
            let file = isSecond ? "/memory.events" : "/memory.oom_control"
            // In a container the group may have the host's name, and be what is mounted.
            for folder in [root + (parts[2] == "/" ? "" : parts[2]), root] {
                if let count = read(folder + file).flatMap(count(in:)) { return count }
            }
        }
        return nil
    }

    private static func count(in text: String) -> Int? {
        let line = text.split(separator: "\n").first { $0.hasPrefix("oom_kill ") }
        return line.flatMap { Int($0.dropFirst("oom_kill ".count)) }
    }
}
