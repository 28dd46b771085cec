import GatewayAPI

extension YAMLMapping {
    /// Which pages of other origins may call.
    func cors(_ key: String) -> CORSResource? {
        let known = [
            "allowed_origins", "allowed_methods", "allowed_headers", "exposed_headers", "allow_credentials", "max_age",
        ]
        guard let cors = object(key, known: known) else { return nil }
        var rule = CORSResource(allowedOrigins: cors.strings("allowed_origins") ?? [])
        if cors["allowed_origins"] == nil {
            cors.refuse("allowed_origins", "is required", hint: "write allowed_origins: [https://app.example.com]")
        }
        for origin in rule.allowedOrigins where origin != "*" && !Self.isOrigin(origin) {
            cors.refuse(
                "allowed_origins",
                "\(origin.debugDescription) is not an origin",
                hint: "write scheme://host or scheme://host:port in lower case, without a path"
            )
        }
        rule.allowedMethods = (cors.strings("allowed_methods") ?? rule.allowedMethods).map { $0.uppercased() }
        rule.allowedHeaders = cors.strings("allowed_headers") ?? []
        rule.exposedHeaders = cors.strings("exposed_headers") ?? []
        rule.allowCredentials = cors.boolean("allow_credentials") ?? false
        rule.maxAge = cors.integer("max_age", in: 0...86_400) ?? rule.maxAge
        for (key, words) in [
            ("allowed_methods", rule.allowedMethods), ("allowed_headers", rule.allowedHeaders),
            ("exposed_headers", rule.exposedHeaders),
        ] {
            for word in words where !Self.isToken(word) { cors.refuse(key, "\(word.debugDescription) is not a name") }
        }
        if rule.allowedOrigins.contains("*"), rule.allowedOrigins.count > 1 || rule.allowCredentials {
            let reason = rule.allowCredentials ? "* excludes allow_credentials" : "* stands beside other origins"
            cors.refuse("allowed_origins", reason, hint: "list the origins, or keep * alone")
        }
        return rule
    }

    /// What a browser writes into `Origin` for a page: scheme, host, and the port where it is not the scheme's own.
    static func isOrigin(_ text: String) -> Bool {
        guard let scheme = ["https://", "http://"].first(where: text.hasPrefix) else { return false }
        let authority = text.dropFirst(scheme.count)
        let parts =
            authority.hasPrefix("[") ? [authority] : authority.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let host = parts.first, !host.isEmpty else { return false }
        if parts.count == 2 {
            guard let port = Int(parts[1]), (1...65535).contains(port), String(port) == parts[1] else { return false }
            if port == (scheme == "https://" ? 443 : 80) { return false }
        }
        return host.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x61...0x7a: true
            case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ":"): true
            default: false
            }
        }
    }

    /// RFC 9110 §5.6.2.
    private static func isToken(_ text: String) -> Bool {
        let marks = Set("!#$%&'*+-.^_`|~".utf8)
        return !text.isEmpty
            && text.utf8.allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
                default: marks.contains($0)
                }
            }
    }
}
