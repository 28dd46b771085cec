// GatewayStore owns what outlives a restart: the configuration and its history of schemas, sealed secrets, and receipts. It
// decides what a valid configuration is and compiles it into the data plane's snapshot. It knows no socket and no HTTP.

import Foundation
import GRDB
package import GatewayCore
package import Logging
import Synchronization

/// The configuration in SQLite, and the one way to change it: validate, compile, commit, publish, in that order.
package final class Store: Sendable {
    let pool: DatabasePool
    let secrets: SecretBox
    let headFile: AuditHeadFile
    package let compiler: SnapshotCompiler
    private let state: Mutex<StoreContents>
    private let snapshots: SnapshotBox
    private let onChange: @Sendable (StoreContents) -> Void
    let logger: Logger
    /// What the log has told already.
    private let unreadable = Mutex<Set<Problem>>([])

    /// Opens or makes the store, brings its schema up to date, compiles what it holds and publishes that.
    ///
    /// - Parameters:
    ///   - environment: where `GATEHOUSE_SECRET_KEY` is looked for.
    ///   - onChange: told after each change was published, one at a time and in order, on the database's writer thread; not
    ///     called for what the store held when it was opened.
    package convenience init(
        path: String,
        compiler: SnapshotCompiler,
        snapshots: SnapshotBox,
        logger: Logger,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        onChange: @escaping @Sendable (StoreContents) -> Void = { _ in }
    ) throws(StoreError) {
        let file = try StoreFile(path: path, migrations: .current, environment: environment)
        try self.init(file, compiler: compiler, snapshots: snapshots, logger: logger, onChange: onChange)
    }

    init(
        _ file: StoreFile,
        compiler: SnapshotCompiler,
        snapshots: SnapshotBox,
        logger: Logger,
        onChange: @escaping @Sendable (StoreContents) -> Void = { _ in }
    ) throws(StoreError) {
        pool = file.pool
        secrets = file.secrets
        headFile = file.headFile
        self.compiler = compiler
        self.snapshots = snapshots
        self.onChange = onChange
        self.logger = logger
        let (definitions, certificates) = try file.configuration()
        var unreadable: [Problem] = []
        let snapshot = try compiler.open(definitions, unreadable: &unreadable)
        state = Mutex(StoreContents(definitions: definitions, certificates: certificates, snapshot: snapshot))
        snapshots.publish(snapshot)
        tell(unreadable)
        guard try file.fitsHead() else {
            logger.error("the audit log does not fit audit.head; run: gatehouse audit verify")
            return
        }
    }

    /// What is stored and served now.
    package var contents: StoreContents { state.withLock { $0 } }

    package var definitions: Definitions { contents.definitions }

    /// The private networks that tenants' own operators may name.
    package var networks: TenantNetworks { compiler.tenantRule.networks }

    /// What is wrong with the store at a path, without changing anything; a store that is not there yet is fine.
    package static func check(path: String) throws(StoreError) {
        try StoreFile.check(path: path, migrations: .current)
    }

    /// Compiles again what is stored, for a secret file that has changed; publishes when the result differs.
    package func refresh() async throws(StoreError) {
        try await write { [self] _ in
            let before = contents
            let snapshot = try compile(before.definitions, after: before, .none)
            guard !snapshot.hasSameEndpoints(as: before.snapshot) else { return }
            publish(
                StoreContents(definitions: before.definitions, certificates: before.certificates, snapshot: snapshot)
            )
        }
    }

    /// The single way in: changes a copy of the configuration, which becomes stored and served as a whole, or not at all.
    func change<Value: Sendable>(
        at now: Int64 = WallClock.seconds,
        _ body: @escaping @Sendable (inout StoreTransaction) throws -> Value
    ) async throws(StoreError) -> Value {
        let origin = ChangeOrigin.current
        return try await write { [self] database in
            let before = contents
            if let condition = origin.condition {
                try condition.check(before.tag(of: condition.resource, secrets))
            }
            var transaction = StoreTransaction(before, at: now, isOwner: origin.isOwner)
            let value = try body(&transaction)
            try commit(&transaction, over: before, by: origin, in: database)
            if let condition = origin.condition { condition.settle(try contents.tag(of: condition.resource, secrets)) }
            return value
        }
    }

    /// Says what a change would do; nothing is kept.
    func rehearse<Value: Sendable>(
        _ body: @escaping @Sendable (inout StoreTransaction) throws -> Value
    ) async throws(StoreError) -> Value {
        let origin = ChangeOrigin.current
        return try await write { [self] database in
            let before = contents
            var transaction = StoreTransaction(before, at: WallClock.seconds, isOwner: origin.isOwner)
            let value = try body(&transaction)
            try requireAllowed(transaction, over: before, by: origin)
            try requireServed(before.definitions, transaction.definitions, in: database)
            try compiler.check(transaction.definitions.sorted, after: before)
            return value
        }
    }

    /// Runs on the writer thread, one at a time.
    ///
    /// Not cancelled with the caller's task: a change that was committed is always published.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            pool.asyncWriteWithoutTransaction { database in
                continuation.resume(returning: Result { try body(database) }.mapError { StoreError($0) })
            }
        }
        return try result.get()
    }

    private func commit(
        _ transaction: inout StoreTransaction,
        over before: StoreContents,
        by origin: ChangeOrigin,
        in database: Database
    ) throws {
        transaction.definitions = transaction.definitions.sorted.assigned(after: before.definitions.stickyBuckets)
        transaction.certificates.sort { $0.host < $1.host }
        // One walk over the keys, for all that follows.
        let keys = KeyDifference(before.definitions, transaction.definitions)
        var origin = origin
        if keys.isEmpty, transaction.hasChangedOnlyKeys(since: before) {
            guard !transaction.azure.isEmpty else { return }
            // A client's own words for what is served already begin no operation.
            (origin.operation, origin.served) = (nil, nil)
        }
        try requireAllowed(transaction, over: before, by: origin)
        try requireServed(before.definitions, transaction.definitions, in: database)
        let isServedAlike = keys.isEmpty && transaction.hasChangedOnlyOperators(since: before)
        let next = StoreContents(
            definitions: transaction.definitions,
            certificates: transaction.certificates,
            snapshot: isServedAlike
                ? before.snapshot : try compile(transaction.definitions, after: before, keys)
        )
        try store(transaction, keys, over: before, by: origin, in: database)
        defer { origin.served?() }
        if isServedAlike { return state.withLock { $0 = next } }
        publish(next)
        compiler.access.forget(.gone(before.definitions, next.definitions, keys))
        logger.info(
            "configuration changed",
            metadata: ["endpoints": "\(next.definitions.endpoints.count)", "operator": "\(origin.author)"]
        )
    }

    /// The change, what the audit log says of it, and the operation that it begins: all of it, or nothing.
    private func store(
        _ transaction: StoreTransaction,
        _ keys: KeyDifference,
        over before: StoreContents,
        by origin: ChangeOrigin,
        in database: Database
    ) throws {
        var difference = try AuditDifference(before, transaction, keys)
        try difference.note(transaction.azure, in: database, secrets)
        let drafts = difference.drafts
        let writer = ConfigurationWriter(database: database, secrets: secrets)
        try audited(in: database, drafts, by: origin) {
            try writer.write(transaction, keys, over: before)
            if let operation = origin.operation { try StoredOperation(operation).write(to: database) }
            return true
        }
    }

    private func requireAllowed(
        _ transaction: StoreTransaction,
        over before: StoreContents,
        by origin: ChangeOrigin
    ) throws(StoreError) {
        try origin.requirement?(before.definitions, transaction.definitions)
        guard !origin.isOwner else { return }
        let problems = compiler.tenantRule.problems(
            before.definitions,
            transaction.definitions,
            besides: transaction.ownersWord
        )
        guard problems.isEmpty else { throw .invalid(problems) }
    }

    private func compile(
        _ definitions: Definitions,
        after previous: StoreContents,
        _ keys: KeyDifference
    ) throws(StoreError) -> Snapshot {
        var unreadable: [Problem] = []
        let snapshot = try compiler.compile(definitions, after: previous, keys, unreadable: &unreadable)
        tell(unreadable)
        return snapshot
    }

    /// Logs what cannot be read once, and again when it was readable in between.
    private func tell(_ problems: [Problem]) {
        let told = unreadable.withLock { told in
            defer { told = Set(problems) }
            return told
        }
        for problem in problems where !told.contains(problem) {
            logger.error(
                "a deployment is served as before, or not at all: what it refers to cannot be read",
                metadata: ["reason": "\(problem)"]
            )
        }
    }

    private func publish(_ next: StoreContents) {
        state.withLock { $0 = next }
        snapshots.publish(next.snapshot)
        onChange(next)
    }
}

extension Snapshot {
    fileprivate func hasSameEndpoints(as other: Snapshot) -> Bool {
        tenants.allSatisfy { name, tenant in
            tenant.endpoints.allSatisfy { $0.value === other.tenants[name]?.endpoints[$0.key] }
        }
    }
}
