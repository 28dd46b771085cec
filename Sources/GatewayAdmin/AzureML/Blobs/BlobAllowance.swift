import Synchronization

/// How much tenants may store, and how much they have: a bound for what a client can fill.
///
/// Room is taken before bytes come, and what is promised and not written yet counts as gone from the disk: uploads that run
/// side by side cannot fill it together.
final class BlobAllowance: Sendable {
    /// Bytes, and entries of folders: files and folders alike, which the disk has a number of.
    struct Amount: Sendable, Equatable {
        var bytes: Int64
        var entries: Int

        static let none = Amount(bytes: 0, entries: 0)
    }

    static let perTenant = Amount(bytes: 256 << 30, entries: 200_000)
    /// What uploads leave free on the disk.
    static let spare: Int64 = 1 << 30

    fileprivate struct State {
        var used: [String: Amount] = [:]
        /// Bytes that were promised and are not on the disk for good yet, of all tenants.
        var pending: Int64 = 0
    }

    fileprivate enum Refusal {
        case disk(free: Int64)
        case bytes
        case entries
    }

    private let perTenant: Amount
    private let spare: Int64
    private let state = Mutex(State())

    init(perTenant: Amount = BlobAllowance.perTenant, spare: Int64 = BlobAllowance.spare) {
        self.perTenant = perTenant
        self.spare = spare
    }

    /// Takes room for what is about to come; `settle` or `discard` ends that it is about to.
    ///
    /// - Parameters:
    ///   - free: of the disk, asked while nobody else can take any.
    ///   - measure: what the tenant has stored; asked once.
    func reserve(
        _ amount: Amount,
        for tenant: String,
        free: () -> Int64,
        measure: () -> Amount
    ) throws(APIError) {
        // Only the first request of a process measures; two at once would find the same.
        let start = state.withLock { $0.used[tenant] } ?? measure()
        let refusal = state.withLock { $0.take(amount, for: tenant, start, free() - spare, perTenant) }
        switch refusal {
        case nil: return
        case .disk(let free):
            let left = "\(max(0, free) >> 20) MiB"
            throw APIError(.tooLarge, "the disk of uploads has \(left) left for more; remove what is not needed there")
        case .bytes:
            throw APIError(.tooLarge, "\(tenant) would store more than \(perTenant.bytes >> 30) GiB of uploads")
        case .entries:
            throw APIError(.tooLarge, "\(tenant) would have more than \(perTenant.entries) uploaded files and folders")
        }
    }

    /// What was promised lies on the disk now.
    func settle(_ bytes: Int64) { state.withLock { $0.pending -= bytes } }

    /// What was promised does not come.
    func discard(_ amount: Amount, for tenant: String) {
        state.withLock { state in
            state.pending -= amount.bytes
            state.release(amount, for: tenant)
        }
    }

    /// What lay on the disk is gone.
    func release(_ amount: Amount, for tenant: String) { state.withLock { $0.release(amount, for: tenant) } }

    /// Whoever has the tenant's name next is measured anew.
    func forget(_ tenant: String) { state.withLock { $0.used[tenant] = nil } }
}

extension BlobAllowance.State {
    /// - Parameter free: what the disk has for uploads.
    fileprivate mutating func take(
        _ amount: BlobAllowance.Amount,
        for tenant: String,
        _ start: BlobAllowance.Amount,
        _ free: Int64,
        _ most: BlobAllowance.Amount
    ) -> BlobAllowance.Refusal? {
        let now = used[tenant] ?? start
        guard amount.bytes <= free - pending else { return .disk(free: free - pending) }
        guard amount.bytes <= most.bytes - now.bytes else { return .bytes }
        guard amount.entries <= most.entries - now.entries else { return .entries }
        used[tenant] = BlobAllowance.Amount(bytes: now.bytes + amount.bytes, entries: now.entries + amount.entries)
        pending += amount.bytes
        return nil
    }

    fileprivate mutating func release(_ amount: BlobAllowance.Amount, for tenant: String) {
        guard let now = used[tenant] else { return }
        used[tenant] = BlobAllowance.Amount(
            bytes: max(0, now.bytes - amount.bytes),
            entries: max(0, now.entries - amount.entries)
        )
    }
}
