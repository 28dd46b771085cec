import Crypto
import GatewayStore
import NIOCore
import Synchronization

/// Bytes on their way: a path in the staging folder, with the room that was taken for them.
struct BlobUpload: Sendable {
    let tenant: String
    let path: String
    let amount: BlobAllowance.Amount
}

/// SHA-256 of bytes as they come: what was written need not be read again.
final class RunningDigest: Sendable {
    private let hash = Mutex(SHA256())

    func update(_ bytes: ByteBuffer) {
        hash.withLock { hash in unsafe bytes.withUnsafeReadableBytes { unsafe hash.update(bufferPointer: $0) } }
    }

    /// Lower-case hex of everything so far.
    var text: String { FileDigest.text(of: hash.withLock { $0 }.finalize()) }
}
