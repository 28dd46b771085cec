import Foundation

/// A control group that bounds a process's memory.
struct MemoryGroup {
    /// Whether it is of the second version, whose groups bound everything.
    let isSecond: Bool
    /// As the group's hierarchy names it, `/` for its root.
    let path: String

    private var root: String { isSecond ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory" }

    /// Where its files are.
    var folder: String { folder(of: path) }

    /// Its own folder and those of the groups around it.
    var folders: [String] {
        var (path, folders) = (path, [folder])
        while path.count > 1, let slash = path.lastIndex(of: "/") {
            path = slash == path.startIndex ? "/" : String(path[..<slash])
            folders.append(folder(of: path))
        }
        return folders
    }

    private func folder(of path: String) -> String { root + (path == "/" ? "" : path) }

    /// The text of `/proc/self/cgroup`.
    static func own() -> String { (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? "" }

    /// - Parameter text: as of `/proc/self/cgroup`.
    static func all(in text: String) -> [MemoryGroup] {
        text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return nil }
            let isSecond = parts[1].isEmpty
            guard isSecond || parts[1].split(separator: ",").contains("memory") else { return nil }
            return MemoryGroup(isSecond: isSecond, path: String(parts[2]))
        }
    }
}
