import GatewayStore
import Synchronization

/// Tells of changes of the store to what is made after the store was opened.
final class ChangeRelay: Sendable {
    private let listener = Mutex<(@Sendable (StoreContents) -> Void)?>(nil)

    func begin(_ listener: @escaping @Sendable (StoreContents) -> Void) {
        self.listener.withLock { $0 = listener }
    }

    func tell(_ contents: StoreContents) {
        listener.withLock { $0 }?(contents)
    }
}
