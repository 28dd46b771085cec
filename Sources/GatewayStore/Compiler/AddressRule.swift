package import GatewayCore

/// Which hosts an upstream URL may name (SECURITY S-1).
///
/// Names are resolved, and checked again, when they are dialled.
package struct AddressRule: Sendable {
    /// Link-local, metadata, unspecified, multicast and tunnel addresses: no setting opens them.
    private static let never = NetworkList(
        known: [
            "0.0.0.0/8", "169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "224.0.0.0/4", "240.0.0.0/4",
            "::/128", "fe80::/10", "fec0::/10", "ff00::/8", "fd00:ec2::254/128", "2002::/16", "2001::/32",
        ]
    )
    /// Ranges that are private: used only when the list of allowed networks has them.
    private static let restricted = NetworkList.privateRanges
    private static let metadataNames: Set<String> = [
        "metadata", "metadata.google.internal", "metadata.goog", "instance-data",
    ]

    let allowed: NetworkList

    package init(allowed: NetworkList) {
        self.allowed = allowed
    }

    /// The end of a sentence that says why this address may not be used; `nil` when it may.
    package func refusal(of address: IPAddress, spelled text: String) -> String? {
        if Self.never.contains(address) {
            return "\(text) is a link-local, metadata or special address, which upstreams may never use"
        }
        if Self.restricted.contains(address), !allowed.contains(address) {
            return "\(text) is a private address that upstreams.allow in gatehouse.yaml does not list; add its network"
        }
        return nil
    }

    /// The same for the host of a URL, literal or name.
    package func refusal(ofHost host: String) -> String? {
        if let address = IPAddress(host) { return refusal(of: address, spelled: host) }
        if host.contains(":") || host.contains("%") { return "\(host) is not an IPv6 address without a zone" }
        if IPAddress.looksNumeric(host) {
            return "\(host) is a number in place of a host; write an IPv4 address as four decimal numbers"
        }
        let name = host.hasSuffix(".") ? String(host.dropLast()) : host
        if Self.metadataNames.contains(name) { return "\(name) is a metadata service, which upstreams may never use" }
        if name == "localhost" || name.hasSuffix(".localhost") {
            return refusalOfLoopback(spelled: name)
        }
        return isHostName(name) ? nil : "\(host) is not a host name"
    }

    private func refusalOfLoopback(spelled name: String) -> String? {
        let loopback = ["127.0.0.1", "::1"].compactMap { IPAddress($0) }
        if loopback.contains(where: allowed.contains) { return nil }
        return "\(name) is this machine, which upstreams.allow in gatehouse.yaml does not list; add 127.0.0.0/8 there"
    }

    /// A DNS name, underscores allowed as container networks use them.
    private func isHostName(_ name: String) -> Bool {
        Names.isHost(name.replacing("_", with: "x"))
    }
}
