import Foundation
import Logging
import Synchronization

/// Keeps one instance running until it is told to stop: performs what `WorkerInstance` says.
final class InstanceSupervisor: Sendable {
    /// The state machine, and what the process wrote.
    private struct Current {
        var instance = WorkerInstance()
        var tail = LogTail(capacity: 200)
        var lastEnd: String?
        /// Why the process that runs now was asked to end.
        var complaint: String?
        var process: Int32?
        /// Since when the process answers.
        var readySince: ContinuousClock.Instant?
    }

    let copy: WorkerSpecification.Copy
    private let process: WorkerProcess
    private let logger: Logger
    private let onChange: @Sendable (String, Bool) -> Void
    private let stop = StopSignal()
    /// Ends the process that runs now, and no later one.
    private let end = Mutex(StopSignal())
    private let current = Mutex(Current())
    private let announcements = Mutex(())

    init(
        copy: WorkerSpecification.Copy,
        process: WorkerProcess,
        logger: Logger,
        onChange: @escaping @Sendable (String, Bool) -> Void
    ) {
        self.copy = copy
        self.process = process
        self.onChange = onChange
        var logger = logger
        logger[metadataKey: "deployment"] = "\(copy.specification.id)"
        logger[metadataKey: "instance"] = "\(copy.index)"
        self.logger = logger
    }

    var state: InstanceState { current.withLock { $0.instance.state } }
    /// How the process last ended, if it did.
    var lastEnd: String? { current.withLock { $0.lastEnd } }
    /// The process that runs, if one does.
    var processID: Int32? { current.withLock { $0.process } }
    /// Whether a request may wait for its next start.
    var isHopeful: Bool { current.withLock { $0.instance.isHopeful } }
    /// Since when its process answers; `nil` while none does.
    var readySince: ContinuousClock.Instant? { current.withLock { $0.readySince } }
    var lines: [WorkerLine] { current.withLock { Array($0.tail.lines) } }

    /// Returns when the instance was asked to stop and its process is gone.
    func run() async {
        while state != .stopped {
            let end = stop.isSet ? "it was not started" : await runProcess()
            let (reason, lifetime) = current.withLock { current in
                let reason = [current.complaint, end].compactMap(\.self).joined(separator: "; ")
                (current.lastEnd, current.complaint) = (reason, nil)
                current.process = nil
                defer { current.readySince = nil }
                // However long it loaded: one that never answered was never well.
                return (reason, current.readySince.map { ContinuousClock.now - $0 } ?? .zero)
            }
            let action = change { $0.processEnded(reason, afterRunning: lifetime) }
            await rest(after: action, reason)
        }
        // A worker that was killed leaves its socket behind.
        try? FileManager.default.removeItem(atPath: process.socket)
    }

    func requestStop() {
        _ = change { $0.stopRequested() }
        stop.set()
    }

    /// It is not needed any more, and finishes what it has; `requestStop` follows.
    func requestDrain() {
        if case .finish = change({ $0.drainRequested() }) { stop.set() }
        if state == .stopping { stop.set() }
    }

    /// Whether it is back: it was still finishing.
    func revokeDrain() -> Bool { change { $0.drainRevoked() } == .announceReady }

    /// The process hangs: it is ended, and another one starts.
    ///
    /// - Parameter reason: a sentence.
    func requestRestart(_ reason: String) {
        logger.error("worker is restarted", metadata: ["socket": "\(process.socket)", "reason": "\(reason)"])
        current.withLock { current in
            // What is said of it first stands.
            if current.process != nil, current.complaint == nil { current.complaint = reason }
        }
        append("ended: \(reason)")
        end.withLock { $0 }.set()
    }

    var socket: String { process.socket }

    private func runProcess() async -> String {
        logger.info("worker starts", metadata: ["socket": "\(process.socket)"])
        let end = StopSignal()
        self.end.withLock { $0 = end }
        return await process.run(until: stop, or: end) { id in
            self.current.withLock { $0.process = id }
        } onReady: {
            self.current.withLock { $0.readySince = .now }
            if self.change({ $0.processAnswered() }) == .announceReady { self.logger.info("worker is ready") }
        } onLine: { line in
            self.append(line)
            self.logger.info("\(line)", metadata: ["source": "worker"])
        }
    }

    private func append(_ text: String) {
        let line = WorkerLine(time: .now, instance: copy.index, text: text)
        current.withLock { $0.tail.append(line) }
    }

    private func rest(after action: WorkerInstance.Action, _ reason: String) async {
        switch action {
        case .restart(let delay, _):
            logger.error("worker died", metadata: ["reason": "\(reason)", "restart-in": "\(delay)"])
            await stop.wait(atMost: delay)
            current.withLock { $0.instance.restartDue() }
        case .finish: logger.info("worker stopped", metadata: ["reason": "\(reason)"])
        case .wait, .announceReady, .announceGone, .terminate: break
        }
    }

    /// Announces inside the lock, against the usual rule: "ready" and "gone" from two threads must not change places.
    private func change(_ event: @Sendable (inout WorkerInstance) -> WorkerInstance.Action) -> WorkerInstance.Action {
        announcements.withLock { _ in
            let action = current.withLock { event(&$0.instance) }
            switch action {
            case .announceReady: onChange(process.socket, true)
            case .announceGone, .restart(_, wasReady: true), .terminate(wasReady: true):
                onChange(process.socket, false)
            case .restart, .terminate, .finish, .wait: break
            }
            return action
        }
    }
}
