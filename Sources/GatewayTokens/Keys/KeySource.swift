import Logging
import Synchronization

/// The keys of one issuer, fetched in the background; owns the one fetch that may be under way.
final class KeySource: Sendable {
    /// What changes.
    private struct State {
        var refresh = KeyRefresh()
        var keys = KeySet.empty
        var fetch: Task<Void, Never>?
        var lastFailure: String?
    }

    private let location: KeyLocation
    private let fetcher: KeyFetcher
    private let uptime: @Sendable () -> Duration
    private let onChange: @Sendable () -> Void
    private let logger: Logger
    private let state = Mutex(State())

    init(
        location: KeyLocation,
        fetcher: KeyFetcher,
        uptime: @escaping @Sendable () -> Duration,
        onChange: @escaping @Sendable () -> Void = {},
        logger: Logger
    ) {
        self.location = location
        self.fetcher = fetcher
        self.uptime = uptime
        self.onChange = onChange
        var logger = logger
        logger[metadataKey: "url"] = "\(location.url)"
        self.logger = logger
    }

    /// The keys that count now; empty when there are none yet, or none for too long.
    var keys: KeySet {
        let now = uptime()
        return state.withLock { $0.refresh.keepsKeys(at: now) ? $0.keys : .empty }
    }

    /// Begins a fetch when the keys are due for one.
    func refreshIfDue() {
        let now = uptime()
        state.withLock { state in
            if state.fetch == nil, state.refresh.isDue(at: now) { state.fetch = start() }
        }
    }

    /// Begins a fetch for a token whose key is not there, unless one is under way or was begun for such a token lately.
    ///
    /// Returns what to wait for; `nil` when the token has to do with the keys that are there.
    func refreshForToken() -> Task<Void, Never>? {
        let now = uptime()
        return state.withLock { state in
            if let fetch = state.fetch { return fetch }
            guard state.refresh.claim(at: now) else { return nil }
            state.fetch = start()
            return state.fetch
        }
    }

    /// Waits for the fetch that is under way, if one is.
    func idle() async {
        await state.withLock { $0.fetch }?.value
    }

    /// Nobody cancels the task: several callers wait for it, and the fetcher ends it in time.
    private func start() -> Task<Void, Never> {
        Task { [self] in
            do throws(KeyFetcher.Failure) {
                took(try await fetcher.fetch(location))
            } catch {
                failed(error)
            }
        }
    }

    private func took(_ answer: KeyFetcher.Answer) {
        let now = uptime()
        let (previous, failure) = state.withLock { state in
            defer {
                state.keys = answer.keys
                state.refresh.succeeded(at: now, lifetime: answer.lifetime)
                state.fetch = nil
                state.lastFailure = nil
            }
            return (state.keys, state.lastFailure)
        }
        // A fetch that brings the same keys, or more, takes nothing back; that much anybody's unknown `kid` can cause. The
        // first keys of all may belong to a tenant whose trust was missing from what was verified.
        if previous.isEmpty || !answer.keys.contains(previous) { onChange() }
        if failure != nil || previous.ids != answer.keys.ids {
            logger.info("Took an issuer's keys", metadata: ["keys": "\(answer.keys.ids.sorted())"])
        }
        guard previous.skipped != answer.keys.skipped, !answer.keys.skipped.isEmpty else { return }
        logger.notice("Ignored keys of an issuer", metadata: ["keys": "\(answer.keys.skipped)"])
    }

    private func failed(_ failure: KeyFetcher.Failure) {
        let now = uptime()
        let isNew = state.withLock { state in
            defer {
                state.refresh.failed(at: now)
                state.fetch = nil
                state.lastFailure = failure.reason
            }
            return state.lastFailure != failure.reason
        }
        guard isNew else { return }
        logger.warning("Could not fetch an issuer's keys", metadata: ["reason": "\(failure.reason)"])
    }
}
