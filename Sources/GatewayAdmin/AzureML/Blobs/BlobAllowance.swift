import Synchronization

/// How much tenants may store, and how much they have: a bound for what a client can fill.
final class BlobAllowance: Sendable {
    static let perTenant: Int64 = 256 << 30
    /// What uploads leave free on the disk.
    static let spare: Int64 = 1 << 30

    private let perTenant: Int64
    private let spare: Int64
    private let used = Mutex<[String: Int64]>([:])

    init(perTenant: Int64 = BlobAllowance.perTenant, spare: Int64 = BlobAllowance.spare) {
        self.perTenant = perTenant
        self.spare = spare
    }

    /// Takes room for bytes that are about to come.
    ///
    /// - Parameters:
    ///   - free: of the disk.
    ///   - measure: what the tenant has stored; asked once.
    func reserve(_ bytes: Int64, for tenant: String, free: Int64, measure: () -> Int64) throws(APIError) {
        guard free - bytes >= spare else {
            throw APIError(.tooLarge, "the disk of uploads has \(free >> 20) MiB left; remove what is not needed there")
        }
        // Only the first request of a process measures; two at once would find the same.
        let start = used.withLock { $0[tenant] } ?? measure()
        let fits = used.withLock { used in
            let now = used[tenant] ?? start
            guard now + bytes <= perTenant else { return false }
            used[tenant] = now + bytes
            return true
        }
        guard fits else {
            throw APIError(.tooLarge, "\(tenant) would store more than \(perTenant >> 30) GiB of uploads")
        }
    }

    func release(_ bytes: Int64, for tenant: String) {
        used.withLock { $0[tenant] = max(0, ($0[tenant] ?? 0) - bytes) }
    }
}
