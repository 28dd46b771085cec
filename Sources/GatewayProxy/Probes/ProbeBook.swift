import GatewayCore
import Synchronization

/// Which instance is to be probed when, and what the probes have found.
final class ProbeBook: Sendable {
    fileprivate struct Pages {
        /// The snapshot that the targets are of.
        var snapshot: Snapshot?
        var targets: [ProbeTarget] = []
        /// By the instance's number.
        var probes: [Int: InstanceProbes] = [:]
        /// Why instances take no requests, as was told last.
        var outages: [Int: String] = [:]
        var alarms = AlarmBook()
        /// Probes that run, by tenant and in all.
        var running: [String: Int] = [:]
        var allRunning = 0
        /// Where the next round begins: silent instances must not keep the others from being asked.
        var start = 0
    }

    /// Probes that run at once, in all and of one tenant: instances that hang keep only their own tenant's from being asked.
    fileprivate static let mostRunning = 256
    fileprivate static let share = 32

    private let pages = Mutex(Pages())

    /// The probes whose time has come; each is answered once.
    func takeDue(in snapshot: Snapshot, at now: Int64) -> [(ProbeTarget, InstanceProbes.Kind)] {
        pages.withLock { pages in
            if pages.snapshot !== snapshot { pages.turn(to: snapshot, at: now) }
            var due: [(ProbeTarget, InstanceProbes.Kind)] = []
            let count = pages.targets.count
            let first = pages.start < count ? pages.start : 0
            var isAnyLeft = false
            for offset in 0..<count {
                let index = (first + offset) % count
                let target = pages.targets[index]
                guard target.instance.isUsable else {
                    // A worker that does not run; the next one begins anew.
                    pages.probes[target.instance.number] = nil
                    continue
                }
                guard pages.hasRoom(for: target.tenant) else {
                    if !isAnyLeft { pages.start = index }
                    isAnyLeft = true
                    continue
                }
                var probes = pages.probes[target.instance.number] ?? InstanceProbes(target.rule, at: now)
                // Other settings begin anew; what was found stays until the first answer, and who is out until a success.
                if probes.rule != target.rule {
                    // A worker that is dead under them too has to be told of again: nobody else ends it.
                    probes = InstanceProbes(target.rule, after: target.isNative ? nil : probes, at: now)
                }
                while let kind = probes.takeDue(target.kinds, at: now) {
                    pages.began(target.tenant)
                    due.append((target, kind))
                }
                pages.probes[target.instance.number] = probes
            }
            return due
        }
    }

    func answered(_ target: ProbeTarget, _ kind: InstanceProbes.Kind, _ answer: Prober.Answer, at now: Int64)
        -> InstanceProbes.Change?
    {
        pages.withLock { pages in
            pages.ended(target.tenant)
            guard var probes = pages.probes[target.instance.number], probes.rule == target.rule else { return nil }
            let change = probes.answered(kind, answer.isSuccess, at: now)
            probes.note(answer.sentence, of: kind)
            pages.probes[target.instance.number] = probes
            let sentence = probes.lastAnswer ?? answer.sentence
            if target.isNative {
                target.instance.noted(sentence)
            } else {
                target.instance.probed(
                    sentence,
                    by: target.rule,
                    isReady: probes.isReady,
                    isOut: probes.isOut,
                    at: now
                )
            }
            return change
        }
    }

    /// The instances that stopped or began taking requests since this was asked last, with the reason; `nil` is back.
    func outages(at now: Int64) -> [(ProbeTarget, String?)] {
        pages.withLock { pages in
            var changes: [(ProbeTarget, String?)] = []
            for target in pages.targets {
                let reason = target.instance.outage(at: now)
                guard pages.outages[target.instance.number] != reason else { continue }
                pages.outages[target.instance.number] = reason
                changes.append((target, reason))
            }
            return changes
        }
    }

    /// The alarms that are to be told now; workers raise none, their supervisor starts another.
    func alarms(at now: Int64) -> [InstanceAlarm] {
        pages.withLock { pages in
            var alarms: [InstanceAlarm] = []
            for target in pages.targets where !target.isNative {
                let probes = pages.probes[target.instance.number]
                if let alarm = pages.alarms.follow(target, probes, at: now) { alarms.append(alarm) }
            }
            return alarms
        }
    }
}

extension ProbeBook.Pages {
    fileprivate func hasRoom(for tenant: String) -> Bool {
        allRunning < ProbeBook.mostRunning && running[tenant, default: 0] < ProbeBook.share
    }

    fileprivate mutating func began(_ tenant: String) {
        allRunning += 1
        running[tenant, default: 0] += 1
    }

    fileprivate mutating func ended(_ tenant: String) {
        allRunning -= 1
        let left = running[tenant, default: 1] - 1
        running[tenant] = left > 0 ? left : nil
    }

    fileprivate mutating func turn(to snapshot: Snapshot, at now: Int64) {
        let before = targets
        self.snapshot = snapshot
        targets = snapshot.probeTargets
        let numbers = Set(targets.map(\.instance.number))
        for target in before where !target.isNative && !numbers.contains(target.instance.number) {
            target.instance.forget(at: now)
        }
        probes = probes.filter { numbers.contains($0.key) }
        outages = outages.filter { numbers.contains($0.key) }
        alarms.keep(numbers)
    }
}
