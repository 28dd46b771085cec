/// What the Connection headers of one message list.
struct ConnectionOptions: Equatable {
    private(set) var hasClose = false
    private(set) var hasKeepAlive = false
    /// Listed header names in lower case; those that are dropped in any case are left out.
    private(set) var names: [String] = []

    mutating func add(_ value: String) {
        // Nearly every Connection header is one of these two words.
        if value.isWord(.keepAlive) { return hasKeepAlive = true }
        if value.isWord(.close) { return hasClose = true }
        for part in value.utf8.split(whereSeparator: { $0 == 0x2c || $0 == 0x20 || $0 == 0x09 }) {
            add(name: String(decoding: part.map(\.lowercased), as: UTF8.self))
        }
    }

    func lists(_ name: String) -> Bool {
        names.contains { listed in
            listed.utf8.count == name.utf8.count && zip(listed.utf8, name.utf8).allSatisfy { $0 == $1.lowercased }
        }
    }

    func acceptsKeepAlive(isHTTP10: Bool) -> Bool { !hasClose && (!isHTTP10 || hasKeepAlive) }

    private mutating func add(name: String) {
        switch name {
        case "close": hasClose = true
        case "keep-alive": hasKeepAlive = true
        case "upgrade", "te", "trailer", "trailers", "http2-settings": break
        default: names.append(name)
        }
    }
}
