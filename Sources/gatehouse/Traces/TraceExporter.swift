import Curl
import GatewayCore
import GatewayProxy
import GatewayStore
import Logging
import NIOCore
import ServiceLifecycle

/// Posts traces to a collector until the gateway has stopped, on a thread and connections of its own.
///
/// What the collector does not take in time is dropped and counted; one line of the log says so, and one that it is over.
struct TraceExporter: Service {
    /// How long is waited before a batch is tried again, unless the collector says it.
    struct Backoff: Sendable {
        var first = Duration.seconds(1)
        var longest = Duration.seconds(300)
        var tries = 5

        /// - Parameter tried: how often it was.
        func wait(after tried: Int, asked seconds: Int64?) -> Duration {
            if let seconds { return min(.seconds(max(0, seconds)), longest) }
            return min(first * (1 << (tried - 1)), longest) * Double.random(in: 0.8...1.2)
        }
    }

    private static let batch = 256
    private static let interval = Duration.seconds(1)
    /// For what waits when the gateway stops.
    private static let farewell = Duration.seconds(5)

    private let queue: TraceQueue
    private let target: TraceTarget
    private let message: TraceMessage
    private let backoff: Backoff
    private let logger: Logger
    private let complaints: TraceComplaints

    init(queue: TraceQueue, target: TraceTarget, backoff: Backoff = Backoff(), logger: Logger) {
        self.queue = queue
        self.target = target
        self.backoff = backoff
        self.logger = logger
        message = TraceMessage(resource: target.resource, version: Gatehouse.release)
        complaints = TraceComplaints(logger: logger)
    }

    func run() async throws {
        let curl = CurlClient(logger: logger)
        let rest: [Trace] = await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let batch = queue.take(Self.batch)
                guard await deliver(batch, through: curl) else { return batch }
                if batch.count < Self.batch { try? await Task.sleep(for: Self.interval) }
            }
            return []
        }
        await sayFarewell(to: rest, through: curl)
        await curl.shutdown()
    }

    /// - Returns: false when it was cut short by the gateway's stop.
    private func deliver(_ batch: [Trace], through curl: CurlClient) async -> Bool {
        guard !batch.isEmpty else { return true }
        let body = bytes(of: batch)
        for tried in 1...backoff.tries {
            switch await target.post(body, through: curl) {
            case .taken(let complaint):
                queue.noteSent(batch.count)
                await complaints.taken(complaint)
                return true
            case .refused(let reason):
                queue.noteFailure()
                await complaints.failed(reason)
                queue.drop(batch.count)
                return true
            case .failed(let reason, let seconds):
                queue.noteFailure()
                await complaints.failed(reason)
                guard tried < backoff.tries else { break }
                try? await Task.sleep(for: backoff.wait(after: tried, asked: seconds))
                if Task.isCancelled { return false }
            case .cancelled: return false
            }
        }
        queue.drop(batch.count)
        return true
    }

    /// What still waits gets one try, until a batch is not taken or the time is over.
    private func sayFarewell(to rest: [Trace], through curl: CurlClient) async {
        let end = ContinuousClock.now + Self.farewell
        var batch = rest.isEmpty ? queue.take(Self.batch) : rest
        while !batch.isEmpty {
            let left = ContinuousClock.now.duration(to: end)
            guard left > .zero, case .taken = await target.post(bytes(of: batch), through: curl, within: left) else {
                break
            }
            queue.noteSent(batch.count)
            batch = queue.take(Self.batch)
        }
        queue.drop(batch.count + queue.take(.max).count)
    }

    private func bytes(of batch: [Trace]) -> ByteBuffer {
        var generator = SystemRandomNumberGenerator()
        var redaction = ReceiptRedaction()
        let batch = batch.map { $0.redacted(by: &redaction) }
        return ByteBuffer(bytes: message.bytes(batch) { UInt64.random(in: 1...(.max), using: &generator) })
    }
}

extension Trace {
    fileprivate func redacted(by redaction: inout ReceiptRedaction) -> Trace {
        var (state, receipt, parameters, answer) = (context.state, receipt, parameters, answer)
        redaction.redact(&state)
        redaction.redact(&receipt)
        redaction.redact(&parameters.conversation)
        redaction.redact(&answer.id)
        redaction.redact(&answer.model)
        for index in answer.finishReasons.indices { redaction.redact(&answer.finishReasons[index]) }
        return Trace(
            context: TraceContext(
                trace: context.trace,
                span: context.span,
                isSampled: context.isSampled,
                state: state
            ),
            parent: parent,
            receipt: receipt,
            parameters: parameters,
            answer: answer,
            steps: steps
        )
    }
}

/// Whether the last batch was not taken: an alarm each time that begins.
private actor TraceComplaints {
    private let logger: Logger
    private var isFailing = false
    private var lastComplaint = ""

    init(logger: Logger) {
        self.logger = logger
    }

    func failed(_ reason: String) {
        guard !isFailing else { return }
        isFailing = true
        logger.warning("traces are not taken: \(reason)")
    }

    /// - Parameter complaint: about a part of the batch; the same one is told once.
    func taken(_ complaint: String?) {
        if isFailing { logger.notice("traces are taken again") }
        isFailing = false
        guard let complaint, complaint != lastComplaint else { return }
        lastComplaint = complaint
        logger.warning("traces are not taken whole: \(complaint)")
    }
}
