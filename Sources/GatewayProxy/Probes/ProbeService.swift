package import Curl
package import GatewayCore
package import Logging
import NIOCore
import ServiceLifecycle

/// Asks upstream instances whether they live and are ready, and tells who comes and goes.
package struct ProbeService: Service {
    private static let tick = Duration.milliseconds(100)

    private let snapshots: SnapshotBox
    private let prober: Prober
    private let book = ProbeBook()
    private let logger: Logger
    private let note: @Sendable (_ deployment: String, _ line: String) -> Void
    private let alarm: @Sendable (InstanceAlarm) -> Void
    private let restart: @Sendable (_ socket: String, _ reason: String) async -> Void

    /// - Parameters:
    ///   - note: takes a line of a deployment's log; must be quick.
    ///   - alarm: told when an upstream's instance is taken out because it failed, and when it is back; must be quick.
    ///   - restart: ends the worker on this socket, which hangs, for a reason; its supervisor starts another.
    package init(
        snapshots: SnapshotBox,
        curl: CurlClient,
        logger: Logger,
        note: @escaping @Sendable (_ deployment: String, _ line: String) -> Void = { _, _ in },
        alarm: @escaping @Sendable (InstanceAlarm) -> Void = { _ in },
        restart: @escaping @Sendable (_ socket: String, _ reason: String) async -> Void = { _, _ in }
    ) {
        self.snapshots = snapshots
        prober = Prober(curl: curl)
        self.logger = logger
        self.note = note
        self.alarm = alarm
        self.restart = restart
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                while !Task.isCancelled {
                    for (target, kind) in book.takeDue(in: snapshots.current, at: .uptime) {
                        group.addTask { await probe(target, kind) }
                    }
                    for (target, reason) in book.outages(at: .uptime) { tell(target, reason) }
                    for raised in book.alarms(at: .uptime) { alarm(raised) }
                    try? await Task.sleep(for: Self.tick)
                }
            }
        }
    }

    private func probe(_ target: ProbeTarget, _ kind: InstanceProbes.Kind) async {
        let answer = await prober.ask(target, kind)
        guard !Task.isCancelled else { return }
        let change = book.answered(target, kind, answer, at: .uptime)
        if !target.isNative {
            note(target.path, "probe \(kind.rawValue) of \(target.instance.url): \(answer.sentence)")
        }
        guard let change else { return }
        tell(change, target, answer)
        if change == .dead, target.isNative, case .unix(let socket) = target.instance.address.transport {
            await restart(socket, "it failed its liveness probe: \(answer.sentence)")
        }
    }

    private func tell(_ change: InstanceProbes.Change, _ target: ProbeTarget, _ answer: Prober.Answer) {
        var logger = logger
        logger[metadataKey: "deployment"] = "\(target.path)"
        logger[metadataKey: "instance"] = "\(target.instance.url)"
        switch change {
        case .ready: logger.info("instance is ready", metadata: ["probe": "\(answer.sentence)"])
        case .notReady: logger.warning("instance is not ready", metadata: ["probe": "\(answer.sentence)"])
        case .dead: logger.error("instance failed its liveness probe", metadata: ["probe": "\(answer.sentence)"])
        case .back: logger.info("instance is back", metadata: ["probe": "\(answer.sentence)"])
        }
    }

    private func tell(_ target: ProbeTarget, _ reason: String?) {
        note(target.path, "instance \(target.instance.url) " + (reason.map { "is out: \($0)" } ?? "takes requests"))
        guard let reason else { return }
        logger.warning(
            "instance takes no requests",
            metadata: [
                "deployment": "\(target.path)", "instance": "\(target.instance.url)", "reason": "\(reason)",
            ]
        )
    }
}
