import CCurl

#if canImport(Glibc)
    import Glibc
#endif

/// The thread that libcurl lives on: its name lookups, callbacks and TLS never block an event loop.
enum CurlThread {
    /// libcurl wants this once, before the first handle.
    ///
    /// OpenSSL's handler of `exit` frees what the threads here still use: a process that returned from `main` crashed or hung
    /// now and then. Handlers run in reverse order, so this one, installed behind it, ends the process before.
    private static let isPrepared: Bool = {
        guard curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK else { return false }
        return unsafe on_exit(
            { status, _ in
                fflush(nil)
                _exit(status)
            },
            nil
        ) == 0
    }()

    /// Runs the body on a new thread.
    static func start(_ body: @escaping @Sendable () -> Void) {
        precondition(isPrepared, "libcurl cannot be initialised")
        var thread = pthread_t()
        let entry = unsafe Unmanaged.passRetained(Entry(body: body)).toOpaque()
        let result = unsafe pthread_create(&thread, nil, onStart, entry)
        precondition(result == 0, "a process that cannot start one thread cannot serve")
        pthread_detach(thread)
    }

    /// What the new thread runs.
    fileprivate final class Entry {
        let body: @Sendable () -> Void

        init(body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }
}

private func onStart(_ entry: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let entry = unsafe entry else { return nil }
    // OpenSSL writes to sockets that may be gone; a signal here would end the process. The others belong to other threads.
    var signals = sigset_t()
    unsafe sigfillset(&signals)
    unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    ccurl_name_thread()
    unsafe Unmanaged<CurlThread.Entry>.fromOpaque(entry).takeRetainedValue().body()
    return nil
}
