import GatewayCore
import NIOCore
import NIOHTTP1
import NIOPosix

/// The idle connections of one event loop, and how new ones are made.
///
/// The last one given back is the first one taken: what is not needed grows old and closes.
final class UpstreamPool {
    let loop: any EventLoop
    private let dial: UpstreamDial
    /// By the instance's number.
    private var idle: [[UpstreamConnection]] = []
    private lazy var sweepTimer = LazyTimer(on: loop) { [weak self] in
        guard let self else { return }
        self.sweepOld()
    }

    init(on loop: any EventLoop, isAddressAllowed: @escaping @Sendable (String) -> Bool) {
        self.loop = loop
        dial = UpstreamDial(loop: loop, isAddressAllowed: isAddressAllowed)
    }

    /// Finds or makes a connection and tells the caller by `upstreamReady` or `upstreamFailed`; a kept one at once.
    ///
    /// - Parameter isFresh: no kept connection will do.
    func connect(_ caller: ExchangeHandler, to instance: Instance, attempt: Int, isFresh: Bool) {
        while !isFresh, let connection = take(instance) {
            if connection.lease(to: caller) {
                caller.upstreamReady(.direct(connection))
                return
            }
        }
        open(instance, for: caller, attempt: attempt)
    }

    func put(_ connection: UpstreamConnection) {
        let number = connection.instance.number
        while idle.count <= number { idle.append([]) }
        idle[number].append(connection)
        sweepTimer.setIfEarlier(.now() + .seconds(1))
    }

    func remove(_ connection: UpstreamConnection) {
        let number = connection.instance.number
        guard number < idle.count else { return }
        idle[number].removeAll { $0 === connection }
    }

    func closeAll() {
        sweepTimer.cancel()
        for connection in idle.joined() { connection.closeIfIdle() }
        idle = []
    }

    /// The one that was used last; none that its server may be closing at this moment.
    private func take(_ instance: Instance) -> UpstreamConnection? {
        guard instance.number < idle.count, let connection = idle[instance.number].popLast() else { return nil }
        guard connection.idleSince < .now() - Limits.idleUpstream else { return connection }
        connection.closeIfIdle()
        return nil
    }

    private func open(_ instance: Instance, for caller: ExchangeHandler, attempt: Int) {
        let bound = NIOLoopBound((pool: self, instance: instance), eventLoop: loop)
        let connected = dial.connect(to: instance.address) { channel in
            channel.eventLoop.makeCompletedFuture {
                let (pool, instance) = bound.value
                try pool.addHandlers(to: channel, for: instance)
            }
        }
        connected.assumeIsolated().whenComplete { [self, reference = caller.reference] result in
            opened(result, for: reference.handler, attempt: attempt)
        }
    }

    private func opened(
        _ result: Result<any Channel, any Error>,
        for caller: ExchangeHandler?,
        attempt: Int
    ) {
        switch result {
        case .failure: tell(caller, ofFailedAttempt: attempt)
        case .success(let channel):
            guard let connection = try? channel.pipeline.syncOperations.handler(type: UpstreamConnection.self) else {
                channel.close(promise: nil)
                return
            }
            guard let caller, caller.isWaiting(forAttempt: attempt) else {
                // The client left meanwhile: the connection is as good as new.
                if channel.isActive { put(connection) }
                return
            }
            if connection.lease(to: caller) {
                caller.upstreamReady(.direct(connection))
            } else {
                tell(caller, ofFailedAttempt: attempt)
            }
        }
    }

    private func tell(_ caller: ExchangeHandler?, ofFailedAttempt attempt: Int) {
        guard let caller, caller.isWaiting(forAttempt: attempt) else { return }
        caller.upstreamFailed(UpstreamFailure(phase: .connect, isReused: false, hasSent: false))
    }

    /// Wire -> decoder -> connection; requests go from the connection to the wire directly.
    private func addHandlers(to channel: any Channel, for instance: Instance) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = Limits.responseHeadBytes
        limits.maxHeaderListSize = Limits.responseHeadBytes
        limits.maxHeaderFieldCount = Limits.headFields
        let decoder = HTTPResponseDecoder(
            leftOverBytesStrategy: .dropBytes,
            informationalResponseStrategy: .forward,
            limitConfiguration: limits
        )
        let wire = UpstreamWire(decoder: decoder)
        let connection = UpstreamConnection(instance: instance, pool: self, wire: wire)
        wire.attach(connection)
        try channel.pipeline.syncOperations.addHandlers(
            wire,
            ByteToMessageHandler(decoder),
            connection
        )
    }

    private func sweepOld() {
        let oldest = NIODeadline.now() - Limits.idleUpstream
        var isEmpty = true
        for connections in idle {
            // One that stops waits until its connections are gone.
            for connection in connections where connection.idleSince < oldest || !connection.instance.isReady {
                connection.closeIfIdle()
            }
            isEmpty = isEmpty && connections.isEmpty
        }
        if !isEmpty { sweepTimer.setIfEarlier(.now() + .seconds(1)) }
    }
}
