import COpenSSL
import Synchronization

/// The keys that seal session tickets; each seals for half a day and opens for one day, so a stolen key opens little.
final class TicketKeys: Sendable {
    /// One key: the name that tickets carry, and the secrets for their encryption and their authentication.
    struct Key: Sendable {
        let name: [UInt8]
        let cipher: [UInt8]
        let authentication: [UInt8]
        let madeAt: ContinuousClock.Instant
    }

    struct Keys {
        var current: Key
        var previous: Key?
    }

    static let sealingLifetime = Duration.seconds(12 * 3_600)
    static let nameLength = 16

    private let keys: Mutex<Keys>

    init(now: ContinuousClock.Instant = .now) throws(TLSError) {
        keys = Mutex(Keys(current: try Key(now: now), previous: nil))
    }

    /// The key for new tickets; a failure to make a new one keeps the old one for another try.
    func sealingKey(now: ContinuousClock.Instant = .now) -> Key {
        keys.withLock { keys in
            keys.rotate(now)
            return keys.current
        }
    }

    /// The key that sealed a ticket, and whether the ticket should be replaced by one under the current key.
    func openingKey(named name: [UInt8], now: ContinuousClock.Instant = .now) -> (key: Key, isOld: Bool)? {
        keys.withLock { keys in
            keys.rotate(now)
            if keys.current.name == name { return (keys.current, false) }
            if let previous = keys.previous, previous.name == name { return (previous, true) }
            return nil
        }
    }
}

extension TicketKeys.Keys {
    mutating func rotate(_ now: ContinuousClock.Instant) {
        let age = now - current.madeAt
        guard age >= TicketKeys.sealingLifetime, let fresh = try? TicketKeys.Key(now: now) else { return }
        previous = age >= TicketKeys.sealingLifetime * 2 ? nil : current
        current = fresh
    }
}

extension TicketKeys.Key {
    init(now: ContinuousClock.Instant) throws(TLSError) {
        name = try randomBytes(TicketKeys.nameLength)
        cipher = try randomBytes(32)
        authentication = try randomBytes(32)
        madeAt = now
    }
}

private func randomBytes(_ count: Int) throws(TLSError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    guard unsafe RAND_bytes(&bytes, Int32(count)) == 1 else { throw .library(ErrorQueue.takeReason()) }
    return bytes
}
