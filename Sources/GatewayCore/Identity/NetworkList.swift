/// A list of networks in CIDR form, IPv4 and IPv6.
package struct NetworkList: Sendable, Hashable {
    /// The private ranges that deployments may use when nothing was set (DESIGN §4).
    package static let defaultAllowed = NetworkList(
        known: ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"]
    )

    /// Every range that is not part of the public network.
    package static let privateRanges = NetworkList(
        known: [
            "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "192.0.0.0/24",
            "198.18.0.0/15", "::1/128", "fc00::/7",
        ]
    )

    private let networks: [Network]

    /// The entry that is not an address with an optional `/length`, when there is one.
    package struct Unreadable: Error, Equatable {
        package let entry: String
    }

    package init(_ entries: [String]) throws(Unreadable) {
        var networks: [Network] = []
        for entry in entries {
            guard let network = Network(entry) else { throw Unreadable(entry: entry) }
            networks.append(network)
        }
        self.networks = networks
    }

    /// For lists that the program writes itself; an entry that cannot be read matches nothing.
    package init(known entries: [String]) {
        networks = entries.compactMap(Network.init)
    }

    package var isEmpty: Bool { networks.isEmpty }

    package func contains(_ address: IPAddress) -> Bool {
        networks.contains { $0.contains(address) }
    }

    /// An address whose first `length` bits count.
    private struct Network: Sendable, Hashable {
        let high: UInt64
        let low: UInt64
        let highMask: UInt64
        let lowMask: UInt64

        init?(_ text: String) {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard (1...2).contains(parts.count), let address = IPAddress(String(parts[0])) else { return nil }
            let width = address.isIPv4 && !parts[0].contains(":") ? 32 : 128
            guard let given = parts.count == 2 ? Int(parts[1]) : width, (0...width).contains(given) else { return nil }
            let length = given + 128 - width
            highMask = length >= 64 ? .max : ~(.max >> UInt64(length))
            lowMask = length <= 64 ? 0 : ~(length == 128 ? 0 : .max >> UInt64(length - 64))
            high = address.high & highMask
            low = address.low & lowMask
        }

        func contains(_ address: IPAddress) -> Bool {
            address.high & highMask == high && address.low & lowMask == low
        }
    }
}
