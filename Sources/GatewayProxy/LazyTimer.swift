import NIOCore

/// A deadline that is moved often and rarely met.
///
/// Setting a NIO timer per request costs an allocation and a heap operation; this one leaves its timer running when the
/// deadline moves back and looks again when it fires.
final class LazyTimer {
    private let loop: any EventLoop
    private let action: () -> Void
    private(set) var deadline: NIODeadline?
    private var scheduled: (task: Scheduled<Void>, at: NIODeadline)?

    /// Lives until it fires or is cancelled, whoever lets go of it.
    ///
    /// - Parameter action: what to do when the deadline has passed; must not hold the timer's owner strongly.
    init(on loop: any EventLoop, action: @escaping () -> Void) {
        self.loop = loop
        self.action = action
    }

    func set(_ deadline: NIODeadline) {
        self.deadline = deadline
        if let scheduled {
            if scheduled.at <= deadline { return }
            scheduled.task.cancel()
        }
        schedule(at: deadline)
    }

    /// Moves the deadline only forward in time from now, if one is set earlier it stays.
    func setIfEarlier(_ deadline: NIODeadline) {
        if let current = self.deadline, current <= deadline { return }
        set(deadline)
    }

    func clear() {
        deadline = nil
    }

    /// Ends the timer for good; it holds nothing afterwards.
    func cancel() {
        deadline = nil
        scheduled?.task.cancel()
        scheduled = nil
    }

    private func schedule(at deadline: NIODeadline) {
        let task = loop.assumeIsolated().scheduleTask(deadline: deadline) { self.fired() }
        scheduled = (task, deadline)
    }

    private func fired() {
        scheduled = nil
        guard let deadline else { return }
        if deadline <= .now() {
            self.deadline = nil
            action()
        } else {
            schedule(at: deadline)
        }
    }
}
