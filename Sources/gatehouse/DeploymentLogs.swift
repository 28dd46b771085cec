import Foundation
import GatewayAPI
import GatewayAdmin
import GatewayCore
import GatewayWorkers
import Synchronization

/// The last lines of every upstream deployment: its requests and its probes.
///
/// Bounded, and gone with the process.
final class DeploymentLogs: Sendable {
    /// What a line is made of; it becomes text when somebody reads it, which is seldom.
    private enum Line {
        case request(Receipt)
        case note(microseconds: Int64, String)

        var microseconds: Int64 {
            switch self {
            case .request(let receipt): receipt.startedAt
            case .note(let microseconds, _): microseconds
            }
        }

        var text: String {
            switch self {
            case .request(let receipt): DeploymentLogs.text(receipt)
            case .note(_, let text): text
            }
        }
    }

    /// The lines of one deployment, in a ring.
    private final class Ring {
        private var lines: [Line] = []
        private var oldest = 0

        func append(_ line: Line) {
            if lines.count < DeploymentLogs.linesKept {
                lines.append(line)
            } else {
                lines[oldest] = line
                oldest = (oldest + 1) % lines.count
            }
        }

        func last(_ count: Int) -> [Line] { (lines[oldest...] + lines[..<oldest]).suffix(count) }
    }

    private static let linesKept = 1000
    private static let deploymentsKept = 5000
    private let rings = Mutex<[String: Ring]>([:])

    /// Adds the access lines of a batch; called on the receipt writer's thread.
    func append(_ receipts: [Receipt]) {
        rings.withLock { rings in
            var previous: Receipt?
            var ring: Ring?
            for receipt in receipts where !receipt.deployment.isEmpty {
                // Neighbours are mostly of one deployment: no path is made, and no ring looked for, anew.
                if previous?.hasDeployment(of: receipt) != true {
                    ring = Self.ring("\(receipt.tenant)/\(receipt.endpoint)/\(receipt.deployment)", in: &rings)
                }
                ring?.append(.request(receipt))
                previous = receipt
            }
        }
    }

    /// Adds a line about a deployment's instances.
    func note(_ deployment: String, _ text: String) {
        let now = Int64(Date().timeIntervalSince1970 * 1_000_000)
        rings.withLock { Self.ring(deployment, in: &$0)?.append(.note(microseconds: now, Self.plain(text))) }
    }

    /// Forgets the deployments that are gone.
    func keep(_ deployments: Set<String>) {
        rings.withLock { rings in
            for path in rings.keys where !deployments.contains(path) { rings[path] = nil }
        }
    }

    /// The last lines of a deployment, the oldest first.
    func tail(_ deployment: String, _ count: Int) -> [LogLineResource] {
        let lines = rings.withLock { $0[deployment]?.last(count) ?? [] }
        return lines.map {
            LogLineResource(time: WireTime.text($0.microseconds / 1_000_000), line: $0.text)
        }
    }

    /// The ring of `tenant/endpoint/deployment`, made where there is room for one more.
    private static func ring(_ path: String, in rings: inout [String: Ring]) -> Ring? {
        if let ring = rings[path] { return ring }
        guard rings.count < deploymentsKept else { return nil }
        let ring = Ring()
        rings[path] = ring
        return ring
    }

    private static func text(_ receipt: Receipt) -> String {
        var text = "\(receipt.method) \(receipt.path) \(receipt.status)"
        if receipt.upstreamStatus != receipt.status { text += " upstream=\(receipt.upstreamStatus)" }
        text += " \(receipt.durationMicroseconds / 1000)ms \(receipt.outcome.rawValue)"
        if !receipt.refusal.isEmpty { text += " refusal=\(receipt.refusal)" }
        if !receipt.fallback.isEmpty { text += " fallback=\(receipt.fallback)" }
        if !receipt.instance.isEmpty { text += " instance=\(receipt.instance)" }
        return plain(text + " attempts=\(receipt.attempts) caller=\(receipt.caller) id=\(receipt.requestID)")
    }

    /// Nothing that a terminal would obey.
    fileprivate static func plain(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "?" : $0 }))
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
    }
}

extension LogLineResource {
    /// A worker's line: several are told apart by thousandths of a second.
    init(_ line: WorkerLine) {
        self.init(
            time: WireTime.precise(milliseconds: Int64(line.time.timeIntervalSince1970 * 1000)),
            instance: line.instance,
            line: DeploymentLogs.plain(line.text)
        )
    }
}

extension Receipt {
    fileprivate func hasDeployment(of other: Receipt) -> Bool {
        deployment == other.deployment && endpoint == other.endpoint && tenant == other.tenant
    }
}

extension Snapshot {
    /// The compiled deployment of `tenant/endpoint/deployment`.
    func deployment(_ path: String) -> Deployment? {
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count == 3, let endpoint = tenants[parts[0]]?.endpoints[parts[1]] else { return nil }
        return endpoint.deployments.first { $0.name == parts[2] }
    }

    /// Whether `tenant/endpoint/deployment` has an instance that can take requests now.
    func isReady(_ path: String) -> Bool { deployment(path)?.isReady ?? false }
}
