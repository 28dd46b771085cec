import Foundation
import Subprocess
import SystemPackage

/// Asks the worker program for the machine's devices: a process that lives no longer than the answer takes.
///
/// The gateway never loads the engine or its backends itself: what a driver does to a process is not done to it.
package struct DeviceProbe: Sendable {
    /// A driver that wakes up several GPUs takes seconds.
    package static let limit = Duration.seconds(30)

    private let executable: String
    private let backends: String?
    private let limit: Duration

    /// - Parameters:
    ///   - executable: a `gatehouse-worker`.
    ///   - backends: where the engine's loadable backends are; `nil`: the program knows.
    package init(executable: String, backends: String? = nil, limit: Duration = DeviceProbe.limit) {
        self.executable = executable
        self.backends = backends
        self.limit = limit
    }

    /// What there is now, in the engine's order; an answer in any case after the limit.
    package func list() async -> Result<[Device], DeviceFailure> {
        await withTaskGroup(of: Result<[Device], DeviceFailure>?.self) { group in
            group.addTask { await run() }
            group.addTask {
                try? await Task.sleep(for: limit)
                return nil
            }
            let first = await group.next() ?? nil
            // Of the two the later one: the process, which is killed, or the sleep.
            group.cancelAll()
            return first ?? .failure(DeviceFailure("no answer within \(limit.components.seconds) s"))
        }
    }

    private func run() async -> Result<[Device], DeviceFailure> {
        do {
            let result = try await Subprocess.run(
                .path(FilePath(executable)),
                arguments: Arguments(["--list-devices"] + WorkerSpecification.arguments(backends: backends)),
                environment: .custom(WorkerEnvironment.ofThisProcess),
                input: .none,
                output: .string(limit: DeviceListing.longest),
                error: .string(limit: 1 << 20)
            )
            guard case .exited(0) = result.terminationStatus else {
                let words = result.standardError.split(separator: "\n").last.map { ": \(WorkerWords.of($0))" }
                return failure("ended with \(result.terminationStatus)\(words ?? "")")
            }
            return Result { () throws(DeviceFailure) in try DeviceListing.read(result.standardOutput) }
        } catch {
            return failure("could not be run: \(error)")
        }
    }

    private func failure(_ what: String) -> Result<[Device], DeviceFailure> {
        .failure(DeviceFailure("gatehouse-worker --list-devices \(what)"))
    }
}
