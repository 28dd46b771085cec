import GatewayCore
import NIOCore
import NIOPosix

/// Makes connections to instances, to those addresses only that may be dialled.
struct UpstreamDial: Sendable {
    let loop: any EventLoop
    let isAddressAllowed: @Sendable (String) -> Bool
    var timeout = Limits.connect

    /// An instance's address is none that may be dialled.
    struct AddressRefused: Error {}

    /// A loop that was busy for longer than `timeout` finds the timer that has run out before it finds the connection that was
    /// made in time: then it is the loop that was late, and the instance gets another chance.
    func connect(
        to instance: InstanceAddress,
        setUp: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
    ) -> EventLoopFuture<any Channel> {
        let begun = NIODeadline.now()
        return connectOnce(to: instance, setUp: setUp).flatMapError { error in
            let isLate = NIODeadline.now() - begun > timeout + Self.punctuality
            guard isLate, case ChannelError.connectTimeout = error else { return loop.makeFailedFuture(error) }
            return connectOnce(to: instance, setUp: setUp)
        }
    }

    /// A loop that wakes this much behind its timer was busy.
    private static let punctuality = TimeAmount.milliseconds(20)

    private func connectOnce(
        to instance: InstanceAddress,
        setUp: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
    ) -> EventLoopFuture<any Channel> {
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(timeout)
            .channelOption(.socketOption(.tcp_nodelay), value: instance.isSocketFile ? 0 : 1)
            .channelInitializer(setUp)
        switch instance.transport {
        case .http(let host, let port), .https(let host, let port):
            return connect(bootstrap, host, port) { [isAddressAllowed, reach = instance.reach] address in
                isAddressAllowed(address) && reach.admits(address)
            }
        case .unix(let path): return bootstrap.connect(unixDomainSocketPath: path)
        }
    }

    /// An address that may not be dialled is not: whether its port is open does not show.
    private func connect(
        _ bootstrap: ClientBootstrap,
        _ host: String,
        _ port: Int,
        isAllowed: @escaping @Sendable (String) -> Bool
    ) -> EventLoopFuture<any Channel> {
        guard let address = try? SocketAddress(ipAddress: host, port: port) else {
            return bootstrap.resolver(AllowedAddresses(on: loop, isAllowed: isAllowed)).connect(host: host, port: port)
        }
        if isAllowed(host) { return bootstrap.connect(to: address) }
        // Later, as any connect that fails: the caller does not wait for it yet.
        let refused = loop.makePromise(of: (any Channel).self)
        loop.execute { refused.fail(AddressRefused()) }
        return refused.futureResult
    }
}

extension InstanceAddress {
    fileprivate var isSocketFile: Bool {
        if case .unix = transport { true } else { false }
    }
}
