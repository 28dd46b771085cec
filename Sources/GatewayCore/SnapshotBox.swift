import Synchronization

/// The current snapshot.
///
/// Read once per request; a request never sees two configurations.
package final class SnapshotBox: Sendable {
    private let value: Mutex<Snapshot>

    package init(_ snapshot: Snapshot) { value = Mutex(snapshot) }

    package var current: Snapshot { value.withLock { $0 } }

    package func publish(_ snapshot: Snapshot) { value.withLock { $0 = snapshot } }
}
