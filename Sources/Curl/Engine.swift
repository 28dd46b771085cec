import CCurl
import Logging
import NIOCore

/// The curl thread's own state: the multi handle, its sockets and timer, and the transfers under way.
///
/// Safe because it is made, used and freed on that thread; libcurl's pointers to it die with the multi handle.
@safe
final class Engine {
    private let mailbox: Mailbox
    private let isAddressAllowed: @Sendable (String) -> Bool
    private let multi: UnsafeMutableRawPointer
    private let poll = SocketPoll()
    private let outbox = Outbox()
    private var active: [UInt64: ActiveTransfer] = [:]
    private var deadline: ContinuousClock.Instant?
    private var stopped: (@Sendable () -> Void)?

    /// Fails when libcurl is out of memory.
    init?(mailbox: Mailbox, isAddressAllowed: @escaping @Sendable (String) -> Bool) {
        guard let multi = unsafe curl_multi_init() else { return nil }
        self.mailbox = mailbox
        self.isAddressAllowed = isAddressAllowed
        unsafe self.multi = multi
        let me = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe ccurl_multi_set_socket_callback(multi, onSocket, me)
        unsafe ccurl_multi_set_timer_callback(multi, onTimer, me)
        unsafe ccurl_multi_setopt_long(multi, CURLMOPT_MAXCONNECTS, Self.keptConnections)
        // libcurl opens HTTP/2 windows of 32 MiB and reads on for the other streams of a connection: one paused stream was
        // measured to take 32 MiB of memory. Alone on its connection it stops at the socket.
        unsafe ccurl_multi_setopt_long(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, 1)
        poll.watch(mailbox.descriptor, CURL_POLL_IN)
    }

    deinit {
        unsafe curl_multi_cleanup(multi)
    }

    /// Idle connections that are kept for the next request.
    private static let keptConnections = 512

    /// Serves until told to stop.
    ///
    /// - Returns: whom to tell when the engine is gone.
    func run() -> [@Sendable () -> Void] {
        while stopped == nil {
            turn()
        }
        for transfer in active.values {
            remove(transfer)
            transfer.emit(.failed(transfer.failure(.cancelled, "the gateway stops")))
        }
        active = [:]
        flush()
        var completions = [stopped].compactMap(\.self)
        for command in mailbox.close() {
            if case .start(let link) = command { link.refuse() }
            if case .stop(let completion) = command { completions.append(completion) }
        }
        return completions
    }

    private func turn() {
        var hasCommands = false
        for ready in poll.wait(timeout()) {
            if ready.descriptor == mailbox.descriptor {
                hasCommands = true
            } else {
                act(ready.descriptor, ready.bits)
            }
        }
        if let deadline, deadline <= .now {
            self.deadline = nil
            act(CURL_SOCKET_TIMEOUT, 0)
        }
        if hasCommands { mailbox.takeAll().forEach(perform) }
        collectFinished()
        flush()
    }

    private func timeout() -> Int32 {
        guard let deadline else { return -1 }
        let (seconds, attoseconds) = (deadline - .now).components
        let milliseconds = seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(clamping: max(0, milliseconds))
    }

    private func act(_ descriptor: Int32, _ bits: Int32) {
        var running: Int32 = 0
        _ = unsafe curl_multi_socket_action(multi, descriptor, bits, &running)
    }
}

/// Commands and their ends.
extension Engine {
    private func perform(_ command: Command) {
        switch command {
        case .start(let link): start(link)
        case .cancel(let id): active.removeValue(forKey: id).map(cancel)
        case .resumeReceiving(let id): active[id]?.resumeReceiving()
        case .resumeSending(let id): active[id]?.resumeSending()
        case .stop(let completion): stopped = completion
        }
    }

    private func start(_ link: TransferLink) {
        guard let transfer = ActiveTransfer(link: link, outbox: outbox, isAddressAllowed: isAddressAllowed) else {
            return link.refuse()
        }
        if let failure = transfer.configure() { return transfer.emit(.failed(failure)) }
        guard unsafe curl_multi_add_handle(multi, transfer.easy) == CURLM_OK else {
            return transfer.emit(.failed(transfer.failure(.send, "libcurl did not take the request")))
        }
        active[link.id] = transfer
    }

    /// libcurl keeps an HTTP/2 connection whose one stream was given up, and its reset may never leave: the peer is told by
    /// the end of the connection.
    private func cancel(_ transfer: ActiveTransfer) {
        _ = unsafe ccurl_setopt_long(transfer.easy, CURLOPT_FORBID_REUSE, 1)
        remove(transfer)
    }

    private func remove(_ transfer: ActiveTransfer) {
        _ = unsafe curl_multi_remove_handle(multi, transfer.easy)
    }

    private func collectFinished() {
        var left: Int32 = 0
        while let message = unsafe curl_multi_info_read(multi, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE, let easy = unsafe message.pointee.easy_handle else {
                continue
            }
            let code = unsafe ccurl_message_result(message)
            var pointer: UnsafeMutableRawPointer?
            _ = unsafe ccurl_getinfo_pointer(easy, CURLINFO_PRIVATE, &pointer)
            guard let pointer = unsafe pointer else { continue }
            let transfer = unsafe ActiveTransfer.at(pointer)
            transfer.finished(code)
            remove(transfer)
            active[transfer.link.id] = nil
        }
    }
}

/// What the callers hear: one hop per event loop and turn.
extension Engine {
    private func flush() {
        var hops: [ObjectIdentifier: (eventLoop: any EventLoop, deliveries: [(TransferLink, [TransferEvent])])] = [:]
        for transfer in outbox.ready {
            let events = transfer.takeEvents()
            switch transfer.link.destination {
            case .collector: deliver(events, to: transfer.link)
            case .eventLoop(let eventLoop, _):
                hops[ObjectIdentifier(eventLoop), default: (eventLoop, [])].deliveries.append((transfer.link, events))
            }
        }
        outbox.ready.removeAll(keepingCapacity: true)
        for (_, hop) in hops {
            let deliveries = hop.deliveries
            hop.eventLoop.execute {
                for (link, events) in deliveries { link.deliver(events) }
            }
        }
    }

    private func deliver(_ events: [TransferEvent], to link: TransferLink) {
        switch link.destination {
        case .eventLoop(let eventLoop, _): eventLoop.execute { link.deliver(events) }
        case .collector(let collector):
            if !collector.deliver(events) { active.removeValue(forKey: link.id).map(remove) }
        }
    }
}

/// What libcurl's multi interface asks.
extension Engine {
    fileprivate func watch(_ descriptor: Int32, _ what: Int32) {
        poll.watch(descriptor, what)
    }

    fileprivate func setTimer(_ milliseconds: Int) {
        deadline = milliseconds < 0 ? nil : .now + .milliseconds(milliseconds)
    }
}

private func onSocket(
    _ easy: UnsafeMutableRawPointer?,
    _ descriptor: curl_socket_t,
    _ what: Int32,
    _ me: UnsafeMutableRawPointer?,
    _ socketPointer: UnsafeMutableRawPointer?
) -> Int32 {
    guard let me = unsafe me else { return -1 }
    unsafe Unmanaged<Engine>.fromOpaque(me).takeUnretainedValue().watch(descriptor, what)
    return 0
}

private func onTimer(_ multi: UnsafeMutableRawPointer?, _ milliseconds: Int, _ me: UnsafeMutableRawPointer?) -> Int32 {
    guard let me = unsafe me else { return -1 }
    unsafe Unmanaged<Engine>.fromOpaque(me).takeUnretainedValue().setTimer(milliseconds)
    return 0
}
