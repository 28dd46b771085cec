#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What a server asks of its process before it starts.
enum ProcessLimits {
    /// As many open files as the system allows, and no signal for a peer that closed its pipe.
    static func prepare() {
        signal(SIGPIPE, SIG_IGN)
        var limit = rlimit()
        #if canImport(Glibc)
            let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let files = RLIMIT_NOFILE
        #endif
        guard unsafe getrlimit(files, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        unsafe setrlimit(files, &limit)
    }
}
