/// Reads one parameter of a query string.
enum QueryItem {
    /// The first value of a name, as it was sent; `nil` when the query has none or an empty one.
    static func value(_ name: String, in query: String?) -> String? {
        guard let query else { return nil }
        for pair in query.utf8.split(separator: UInt8(ascii: "&")) {
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let value = pair[pair.index(after: equals)...]
            if pair[..<equals].elementsEqual(name.utf8), !value.isEmpty { return String(Substring(value)) }
        }
        return nil
    }
}
