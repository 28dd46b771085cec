import Foundation

/// How many processes of this process's control group, to which its workers belong, the kernel has killed for want of
/// memory, whether the group's or the machine's.
enum OutOfMemoryKills {
    /// `nil` where the kernel does not say.
    static func count() -> Int? {
        count(group: MemoryGroup.own()) { try? String(contentsOfFile: $0, encoding: .utf8) }
    }

    /// - Parameters:
    ///   - group: the text of `/proc/self/cgroup`.
    ///   - read: a file's text.
    static func count(group: String, _ read: (String) -> String?) -> Int? {
        for group in MemoryGroup.all(in: group) {
            let file = group.isSecond ? "/memory.events" : "/memory.oom_control"
            // In a container the group may have the host's name, and be what is mounted: then it is the outermost.
            for folder in [group.folder, group.folders.last ?? group.folder] {
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
