import GatewayCore

/// Who is at the other end of a client connection, and how upstreams are told.
final class ClientFacts {
    /// Every client comes over TLS.
    static let scheme = "https"

    let address: String
    /// For rules that compare networks; `nil` when it is none.
    let ipAddress: IPAddress?
    /// The last value of `Forwarded`: clients seldom change the host they ask for.
    private var last = (host: "", value: "")

    init(address: String) {
        self.address = address
        ipAddress = IPAddress(address)
    }

    /// The value of `Forwarded` (RFC 7239 §4): an IPv6 address, and a host that may have a port, are quoted.
    func forwarded(host: String) -> String {
        if last.host == host, !last.value.isEmpty { return last.value }
        let node = address.utf8.contains(UInt8(ascii: ":")) ? "\"[\(address)]\"" : address
        let value =
            host.isEmpty
            ? "for=\(node);proto=\(Self.scheme)" : "for=\(node);host=\"\(host)\";proto=\(Self.scheme)"
        last = (host, value)
        return value
    }
}
