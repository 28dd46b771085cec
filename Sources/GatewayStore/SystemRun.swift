import Foundation

/// The system's run, from one start of the machine to the next.
package enum SystemRun {
    /// As Linux names it; `nil` elsewhere.
    package static let id = (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8))?
        .trimmingCharacters(in: .whitespacesAndNewlines)
}
