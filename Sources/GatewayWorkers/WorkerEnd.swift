import Foundation
import Subprocess

/// Says how a process ended, with the cause where it can be told.
struct WorkerEnd {
    /// The codes with which a worker says that it cannot go on, behind a line that says why.
    private static let givingUp: ClosedRange<CInt> = 64...69

    let status: TerminationStatus
    /// Whether the gateway killed it.
    let isOurs: Bool
    /// What it had in memory when it was last looked at; `nil` where it never was.
    let resident: Int64?
    /// Processes of its control group that the kernel has killed for want of memory since it was started; `nil` where the
    /// kernel does not say.
    let outOfMemoryKills: Int?
    /// What it wrote last.
    var lastLine: String?

    var sentence: String {
        let end = "it ended with \(status)"
        if case .exited(let code) = status, Self.givingUp.contains(code), let lastLine {
            return "\(end): \(WorkerWords.of(lastLine))"
        }
        guard status == .signaled(SIGKILL), !isOurs else { return end }
        let size = resident.map { "; it had \($0 / MemorySize.mebibyte) MiB shortly before" } ?? ""
        return "\(end): \(cause)\(size)"
    }

    /// Of a SIGKILL that is not the gateway's.
    private var cause: String {
        switch outOfMemoryKills {
        case nil: "not the gateway: most likely the kernel, for want of memory, or somebody with kill -9"
        // Of which process the kernel counts, it does not say.
        case .some(let kills) where kills > 0:
            "most likely the kernel, for want of memory, as \(kills) of its control group since it was started"
        case .some: "not the gateway, nor by its count the kernel for want of memory: most likely somebody with kill -9"
        }
    }
}
