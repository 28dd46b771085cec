import Dispatch
import Glibc
import NIOCore
import NIOPosix

/// Looks a name up off the event loop and gives NIO only those of its addresses that may be dialled: of another one not even
/// whether its port is open can be told from outside.
///
/// For one connect.
final class AllowedAddresses: Resolver, Sendable {
    /// A lookup blocks its thread, and the slow one of a deployment must not hold up the others'.
    private static let lookups = DispatchQueue(label: "gatehouse.names", attributes: .concurrent)

    private let isAllowed: @Sendable (String) -> Bool
    private let ipv4: EventLoopPromise<[SocketAddress]>
    private let ipv6: EventLoopPromise<[SocketAddress]>

    init(on loop: any EventLoop, isAllowed: @escaping @Sendable (String) -> Bool) {
        self.isAllowed = isAllowed
        ipv4 = loop.makePromise()
        ipv6 = loop.makePromise()
    }

    func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> { ipv4.futureResult }

    /// Asks for both kinds at once; NIO begins with this one.
    func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        Self.lookups.async { [self] in
            let found = Self.numericAddresses(of: host).filter(isAllowed)
                .compactMap { try? SocketAddress(ipAddress: $0, port: port) }
            ipv6.succeed(found.filter { $0.protocol == .inet6 })
            ipv4.succeed(found.filter { $0.protocol == .inet })
        }
        return ipv6.futureResult
    }

    /// `getaddrinfo` cannot be stopped.
    func cancelQueries() {}

    /// In the order of RFC 6724; empty for a name that does not exist.
    private static func numericAddresses(of host: String) -> [String] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, nil, &hints, &first) == 0 else { return [] }
        defer { unsafe freeaddrinfo(first) }
        var addresses: [String] = []
        var entry = unsafe first
        while let found = unsafe entry {
            if let text = unsafe numericText(found.pointee) { addresses.append(text) }
            unsafe entry = found.pointee.ai_next
        }
        return addresses
    }

    private static func numericText(_ entry: addrinfo) -> String? {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let length = socklen_t(text.count)
        let code = unsafe getnameinfo(entry.ai_addr, entry.ai_addrlen, &text, length, nil, 0, NI_NUMERICHOST)
        guard code == 0 else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
