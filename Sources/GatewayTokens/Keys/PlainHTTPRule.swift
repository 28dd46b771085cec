import GatewayCore

/// The addresses from which keys and discovery documents may come without TLS: `issuers.allow_http`.
package struct PlainHTTPRule: Sendable {
    /// The entry that is no address, network, host name or one of these with a port.
    package struct Unreadable: Error, Equatable {
        package let entry: String
    }

    package static let none = PlainHTTPRule()

    private var networks: [(list: NetworkList, port: Int?)] = []
    private var names: [(name: String, port: Int?)] = []

    private init() {}

    package init(_ entries: [String]) throws(Unreadable) {
        for entry in entries {
            if let list = try? NetworkList([entry]) {
                networks.append((list, nil))
            } else if let authority = URLAuthority(entry) {
                if authority.address != nil, let list = try? NetworkList([authority.host]) {
                    networks.append((list, authority.port))
                } else {
                    names.append((authority.host, authority.port))
                }
            } else {
                throw Unreadable(entry: entry)
            }
        }
    }

    /// A name is only allowed by its name: where it leads may change.
    func allows(_ authority: URLAuthority) -> Bool {
        let port = authority.port ?? 80
        guard let address = authority.address else {
            return names.contains { $0.name == authority.host && ($0.port ?? port) == port }
        }
        return networks.contains { $0.list.contains(address) && ($0.port ?? port) == port }
    }
}

/// The host and port of a URL.
struct URLAuthority {
    /// Lower case, without brackets.
    let host: String
    let port: Int?
    let address: IPAddress?

    /// Reads `name`, `name:port`, `127.0.0.1:80` or `[::1]:80`; no user, no escapes, no number in another disguise.
    init?(_ text: some StringProtocol) {
        let text = text.lowercased()
        var rest = text[...]
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = String(text[text.index(after: text.startIndex)..<end])
            rest = text[text.index(after: end)...]
            guard let address = IPAddress(host), host.contains(":") else { return nil }
            self.address = address
        } else {
            host = String(text.prefix { $0 != ":" })
            rest = text.dropFirst(host.count)
            address = IPAddress(host)
            guard Names.isHost(host), address != nil || !IPAddress.looksNumeric(host) else { return nil }
        }
        guard !rest.isEmpty else {
            port = nil
            return
        }
        guard rest.utf8.count <= 6, rest.dropFirst().utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = Int(rest.dropFirst()), (1...65535).contains(port)
        else { return nil }
        self.port = port
    }
}
