import CCurl
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// What other threads ask of the curl thread.
enum Command: Sendable {
    case start(TransferLink)
    case cancel(UInt64)
    case resumeReceiving(UInt64)
    case resumeSending(UInt64)
    case stop(@Sendable () -> Void)
}

/// The one way into the curl thread: commands in order, and a descriptor that wakes it.
final class Mailbox: Sendable {
    /// Commands that wait, and whether anybody will still read them.
    private struct Waiting {
        var commands: [Command] = []
        var isClosed = false
    }

    private let waiting = Mutex(Waiting())
    /// Readable while commands wait.
    let descriptor: Int32

    init() {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        precondition(descriptor >= 0, "a process that cannot open one descriptor cannot serve")
    }

    deinit {
        _ = Glibc.close(descriptor)
    }

    /// Returns false when the thread is gone.
    @discardableResult
    func post(_ command: Command) -> Bool {
        let (isAccepted, isFirst) = waiting.withLock { waiting in
            guard !waiting.isClosed else { return (false, false) }
            waiting.commands.append(command)
            return (true, waiting.commands.count == 1)
        }
        if isFirst { _ = eventfd_write(descriptor, 1) }
        return isAccepted
    }

    /// Takes all commands; the descriptor is cleared first, so that a command posted meanwhile wakes again.
    func takeAll() -> [Command] {
        var count: eventfd_t = 0
        _ = unsafe eventfd_read(descriptor, &count)
        return waiting.withLock { waiting in
            defer { waiting.commands = [] }
            return waiting.commands
        }
    }

    /// Refuses further commands and returns those that nobody took.
    func close() -> [Command] {
        waiting.withLock { waiting in
            defer { waiting = Waiting(commands: [], isClosed: true) }
            return waiting.commands
        }
    }
}
