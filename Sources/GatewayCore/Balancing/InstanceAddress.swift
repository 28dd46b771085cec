/// Where an instance listens.
package struct InstanceAddress: Sendable, Hashable {
    package enum Transport: Sendable, Hashable {
        case http(host: String, port: Int)
        case https(host: String, port: Int)
        case unix(path: String)
    }

    package let transport: Transport
    /// Put before every request's path; empty or `/…` without a slash at the end.
    package let basePath: String
    /// Which addresses its name may stand for; part of the identity, so that no connection is shared with a deployment
    /// that may not have made it.
    package var reach = Reach.everywhere

    package init(transport: Transport, basePath: String = "") {
        self.transport = transport
        self.basePath = basePath
    }

    /// The `Host` header for this instance: without the port when it is the scheme's own.
    package var authority: String {
        switch transport {
        case .http(let host, let port): port == 80 ? bracketed(host) : "\(bracketed(host)):\(port)"
        case .https(let host, let port): port == 443 ? bracketed(host) : "\(bracketed(host)):\(port)"
        case .unix: "localhost"
        }
    }

    /// The spelling that a person wrote, normalised.
    package var url: String {
        switch transport {
        case .http: "http://\(authority)\(basePath)"
        case .https: "https://\(authority)\(basePath)"
        case .unix(let path): "unix:\(path)"
        }
    }

    private func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }

    /// Reads `http://host[:port][/base]`, `https://…` or `unix:/path`.
    ///
    /// - Returns: the address, or a sentence that says what is wrong.
    package static func parse(_ text: String) -> Result<InstanceAddress, AddressProblem> {
        guard text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            return .failure(.init("has spaces or control characters"))
        }
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst("unix:".count))
            guard path.hasPrefix("/") else { return .failure(.init("needs an absolute path after unix:")) }
            guard path.utf8.count <= 107 else { return .failure(.init("has a socket path over 107 bytes")) }
            return .success(InstanceAddress(transport: .unix(path: path)))
        }
        let isSecure = text.hasPrefix("https://")
        guard isSecure || text.hasPrefix("http://") else {
            return .failure(.init("must begin with http://, https:// or unix:"))
        }
        let rest = text.dropFirst(isSecure ? 8 : 7)
        if rest.contains("?") || rest.contains("#") { return .failure(.init("must not hold a query or a fragment")) }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        var base = String(rest[slash...])
        while base.hasSuffix("/") { base.removeLast() }
        if authority.contains("@") { return .failure(.init("must not hold user information")) }
        return parseAuthority(authority, defaultPort: isSecure ? 443 : 80).map { host, port in
            InstanceAddress(
                transport: isSecure ? .https(host: host, port: port) : .http(host: host, port: port),
                basePath: base
            )
        }
    }

    private static func parseAuthority(_ text: Substring, defaultPort: Int) -> Result<(String, Int), AddressProblem> {
        var host = text
        var port = defaultPort
        let portStart: Substring.Index?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return .failure(.init("has an unclosed [")) }
            host = text[text.index(after: text.startIndex)..<end]
            let after = text.index(after: end)
            portStart = after < text.endIndex && text[after] == ":" ? text.index(after: after) : nil
            if after < text.endIndex, portStart == nil { return .failure(.init("has text behind ]")) }
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            portStart = text.index(after: colon)
        } else {
            portStart = nil
        }
        if let portStart {
            let digits = text[portStart...]
            guard digits.utf8.allSatisfy(\.isDigit), let number = Int(digits), (1...65535).contains(number) else {
                return .failure(.init("has a port that is not 1 to 65535"))
            }
            port = number
        }
        guard !host.isEmpty else { return .failure(.init("has no host")) }
        guard host.utf8.allSatisfy(text.hasPrefix("[") ? isAddressByte : isNameByte) else {
            return .failure(.init("has a host that is neither a name nor an address"))
        }
        return .success((host.lowercased(), port))
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte.isLetter || byte.isDigit || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: "_")
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        byte.hexValue != nil || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
    }
}

/// What is wrong with an upstream URL, as the end of a sentence that begins with the URL.
package struct AddressProblem: Error, Equatable {
    package let reason: String

    init(_ reason: String) { self.reason = reason }
}
