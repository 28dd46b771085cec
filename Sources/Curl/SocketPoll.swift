import CCurl

#if canImport(Glibc)
    import Glibc
#endif

/// The sockets that libcurl watches, in one epoll set, so that a turn costs what is ready and not what is open.
///
/// Safe because of epoll's pointer-sized union only the descriptor is ever used.
@safe
final class SocketPoll {
    /// One descriptor and what it is ready for, in libcurl's bits.
    struct Ready {
        let descriptor: Int32
        let bits: Int32
    }

    private let set: Int32
    private var watched: Set<Int32> = []
    private var events = unsafe [epoll_event](repeating: epoll_event(), count: 256)

    init() {
        set = epoll_create1(Int32(EPOLL_CLOEXEC))
        precondition(set >= 0, "a process that cannot open one descriptor cannot serve")
    }

    deinit {
        close(set)
    }

    /// Watches the descriptor for what libcurl asks.
    func watch(_ descriptor: Int32, _ what: Int32) {
        guard what != CURL_POLL_REMOVE else {
            watched.remove(descriptor)
            _ = epoll_ctl(set, EPOLL_CTL_DEL, descriptor, nil)
            return
        }
        var event = unsafe epoll_event()
        if what & CURL_POLL_IN != 0 { unsafe event.events |= EPOLLIN.rawValue }
        if what & CURL_POLL_OUT != 0 { unsafe event.events |= EPOLLOUT.rawValue }
        unsafe event.data.fd = descriptor
        let isKnown = !watched.insert(descriptor).inserted
        if unsafe epoll_ctl(set, isKnown ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, descriptor, &event) != 0 {
            // A descriptor that was closed and opened again left the set without our knowing.
            _ = unsafe epoll_ctl(set, isKnown ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event)
        }
    }

    /// Waits at most so many milliseconds, -1 for as long as it takes.
    func wait(_ milliseconds: Int32) -> [Ready] {
        let count = unsafe epoll_wait(set, &events, Int32(events.count), milliseconds)
        guard count > 0 else { return [] }
        return unsafe events[..<Int(count)].map { event in
            var bits: Int32 = 0
            if unsafe event.events & EPOLLIN.rawValue != 0 { bits |= CURL_CSELECT_IN }
            if unsafe event.events & EPOLLOUT.rawValue != 0 { bits |= CURL_CSELECT_OUT }
            if unsafe event.events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { bits |= CURL_CSELECT_ERR }
            return unsafe Ready(descriptor: event.data.fd, bits: bits)
        }
    }
}
