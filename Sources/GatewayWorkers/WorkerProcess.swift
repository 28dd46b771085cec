import Curl
import Foundation
import Logging
import Subprocess
import Synchronization
import SystemPackage

/// One start of the worker program, from spawn to exit.
struct WorkerProcess: Sendable {
    let executable: String
    let arguments: [String]
    let socket: String
    let curl: CurlClient
    /// How long a worker may take to finish its streams after SIGTERM.
    let grace: Duration
    let limits: WorkerLimits
    /// The kernel's count for the control group.
    var outOfMemoryKills: @Sendable () -> Int? = OutOfMemoryKills.count

    private static let probeInterval = Duration.milliseconds(50)
    /// How long one that does not answer has to end by itself.
    private static let graceOfTheHung = Duration.seconds(2)

    /// A group of its own: a Ctrl-C in the gateway's terminal is for the gateway, which drains before its workers stop.
    private static var ownGroup: PlatformOptions {
        var options = PlatformOptions()
        options.processGroupID = 0
        return options
    }

    /// Runs until the process is gone; returns how it ended.
    ///
    /// - Parameter end: set when the process hangs.
    func run(
        until stop: StopSignal,
        or end: StopSignal = StopSignal(),
        onStart: @escaping @Sendable (Int32) -> Void,
        onReady: @escaping @Sendable () -> Void,
        onLine: @escaping @Sendable (String) -> Void
    ) async -> String {
        let watch = WorkerWatch(limits)
        let before = outOfMemoryKills()
        let lastLine = Mutex<String?>(nil)
        do {
            let result = try await Subprocess.run(
                .path(FilePath(executable)),
                arguments: Arguments(arguments),
                environment: .custom(WorkerEnvironment.ofThisProcess),
                platformOptions: Self.ownGroup,
                // Held open for the process's life: when the gateway dies, even by SIGKILL, the worker reads the end and leaves.
                input: .inputWriter,
                output: .sequence,
                error: .combinedWithOutput
            ) { execution in
                onStart(execution.processIdentifier.value)
                await withTaskGroup { group in
                    group.addTask {
                        await probe {
                            if watch.answered(execution.processIdentifier.value, onLine) { onReady() }
                        }
                    }
                    group.addTask { await watch.run(execution.processIdentifier.value, onLine) }
                    group.addTask { await kill(execution, watch) }
                    group.addTask { await terminate(execution, watch, when: stop, grace: grace) }
                    group.addTask { await terminate(execution, watch, when: end, grace: Self.graceOfTheHung) }
                    await relay(execution.standardOutput) { line in
                        lastLine.withLock { $0 = line }
                        onLine(line)
                    }
                    group.cancelAll()
                }
            }
            return watch.reason ?? sentence(result.terminationStatus, watch, before, lastLine.withLock(\.self))
        } catch {
            return "it could not be run: \(error)"
        }
    }

    private func sentence(_ status: TerminationStatus, _ watch: WorkerWatch, _ before: Int?, _ lastLine: String?)
        -> String
    {
        let after = before == nil ? nil : outOfMemoryKills()
        return WorkerEnd(
            status: status,
            isOurs: watch.isKilled,
            resident: watch.resident,
            outOfMemoryKills: before.flatMap { before in after.map { $0 - before } },
            lastLine: lastLine
        ).sentence
    }

    private func probe(_ onReady: @Sendable () -> Void) async {
        var request = CurlRequest(url: "http://localhost/healthz")
        request.unixSocketPath = socket
        request.timeout = .seconds(2)
        // A worker that stops waits for connections to end.
        request.closesConnection = true
        while !Task.isCancelled {
            let response = try? await curl.fetch(request, limit: 64 * 1024)
            if response?.head.status == 200, !Task.isCancelled { return onReady() }
            try? await Task.sleep(for: Self.probeInterval)
        }
    }

    private func relay(_ output: SubprocessOutputSequence, to onLine: @Sendable (String) -> Void) async {
        do {
            for try await line in output.strings(bufferingPolicy: .maxLineLength(1024 * 1024)) where !line.isEmpty {
                onLine(line)
            }
        } catch {
            onLine("its output cannot be read any further: \(error)")
        }
    }

    /// A worker that has gone over a bound is not asked.
    private func kill(
        _ execution: Execution<CustomWriteInput, SequenceOutput, CombinedErrorOutput>,
        _ watch: WorkerWatch
    ) async {
        await watch.isOver.wait()
        guard !Task.isCancelled else { return }
        watch.kills()
        try? execution.send(signal: .kill)
    }

    /// Its output is read on meanwhile: a worker that cannot write its log lines would not finish its streams either.
    private func terminate(
        _ execution: Execution<CustomWriteInput, SequenceOutput, CombinedErrorOutput>,
        _ watch: WorkerWatch,
        when stop: StopSignal,
        grace: Duration
    ) async {
        await stop.wait()
        guard !Task.isCancelled else { return }
        try? execution.send(signal: .terminate)
        try? await Task.sleep(for: grace)
        guard !Task.isCancelled else { return }
        watch.kills()
        try? execution.send(signal: .kill)
    }
}
