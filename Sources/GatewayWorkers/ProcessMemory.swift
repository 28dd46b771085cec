import Foundation

/// What a process has of the machine's memory, in bytes.
package struct ProcessMemory: Sendable, Equatable {
    /// All that is in memory, mapped files included.
    package var resident: Int64
    /// What is its own alone.
    package var own: Int64

    /// - Returns: `nil` when there is no such process.
    package static func of(_ process: Int32) -> ProcessMemory? {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8) else { return nil }
        return ProcessMemory(status: text)
    }

    /// Reads the text of `/proc/PID/status`; a process that has ended has no sizes.
    init?(status: String) {
        let sizes = MemorySize.table(status)
        guard let resident = sizes["VmRSS"], let own = sizes["RssAnon"] else { return nil }
        (self.resident, self.own) = (resident, own)
    }
}

/// Sizes in the kernel's tables, in bytes.
enum MemorySize {
    static let mebibyte: Int64 = 1 << 20

    /// Lines such as `VmRSS:  1024 kB`.
    static func table(_ text: String) -> [String: Int64] {
        var sizes: [String: Int64] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split { $0 == ":" || $0 == " " || $0 == "\t" }
            guard parts.count == 3, parts[2] == "kB", let size = Int64(parts[1]), size < 1 << 50 else { continue }
            sizes[String(parts[0])] = size * 1024
        }
        return sizes
    }
}
