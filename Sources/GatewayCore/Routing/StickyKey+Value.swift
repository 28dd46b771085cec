extension StickyKey {
    /// What this request is recognised by; `nil` when it carries nothing of the kind.
    func value(_ caller: Caller, header: (String) -> String?) -> String? {
        switch (self, caller.proof) {
        case (.caller, .key), (.caller, .token), (.key, .key), (.subject, .token): caller.label
        // Callers without a credential all have one name.
        case (.caller, .none), (.key, .token), (.key, .none), (.subject, .key), (.subject, .none): nil
        case (.header(let name), _): header(name).flatMap { $0.isEmpty ? nil : $0 }
        case (.cookie(let name), _): header("cookie").flatMap { Self.cookie(name, in: $0) }
        }
    }

    /// A cookie's value (RFC 6265 §4.2.1: `a=1; b=2`), never an empty one.
    static func cookie(_ name: String, in header: String) -> String? {
        for pair in header.utf8.split(separator: UInt8(ascii: ";")) {
            let pair = pair.drop { $0 == 0x20 }
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let value = pair[pair.index(after: equals)...]
            if pair[..<equals].elementsEqual(name.utf8), !value.isEmpty { return String(Substring(value)) }
        }
        return nil
    }
}
