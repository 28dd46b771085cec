import GatewayCore

/// What is wrong with a rule for pages of other origins (SECURITY C-1).
enum CORSCheck {
    private static let mostEntries = 100
    private static let longestAge = 86_400

    static func check(_ rule: CORSRule?, in findings: inout Findings) {
        guard let rule else { return }
        checkOrigins(rule, in: &findings)
        checkMethods(rule.allowedMethods, in: &findings)
        checkHeaders(rule.allowedHeaders, "cors.allowedHeaders", in: &findings)
        checkHeaders(rule.exposedHeaders, "cors.exposedHeaders", in: &findings)
        if rule.exposedHeaders.contains("*"), rule.allowsCredentials {
            let message = "* exposes nothing where credentials are allowed; name the headers"
            findings.note(.invalidCORS, "cors.exposedHeaders", message)
        }
        if !(0...longestAge).contains(rule.maxAge) {
            findings.note(.invalidCORS, "cors.maxAge", "must be 0 to \(longestAge) seconds")
        }
    }

    private static func checkOrigins(_ rule: CORSRule, in findings: inout Findings) {
        let field = "cors.allowedOrigins"
        let origins = rule.allowedOrigins
        findings.checkList(origins, field, atMost: mostEntries)
        if origins.isEmpty {
            findings.note(.invalidCORS, field, "is empty; name the origins, or leave cors out")
        }
        if origins == ["*"] {
            guard rule.allowsCredentials else { return }
            let message = "* cannot be used with credentials; name the origins, or take allowCredentials away"
            return findings.note(.invalidCORS, field, message)
        }
        for origin in origins {
            guard let fault = fault(of: origin) else { continue }
            findings.note(.invalidCORS, field, "'\(TextRule.printable(origin))' \(fault)")
        }
    }

    private static func checkMethods(_ methods: [String], in findings: inout Findings) {
        let field = "cors.allowedMethods"
        findings.checkList(methods, field, atMost: mostEntries)
        if methods.isEmpty { findings.note(.invalidCORS, field, "is empty; name the methods, for instance POST") }
        for method in methods {
            if !TextRule.isToken(method) || method == "*" {
                let message = "'\(TextRule.printable(method))' is not a method; name each by itself"
                findings.note(.invalidCORS, field, message)
            } else if method != method.uppercased() {
                findings.note(.invalidCORS, field, "\(method) has small letters, which no browser sends; use capitals")
            } else if ["CONNECT", "TRACE", "TRACK"].contains(method) {
                findings.note(.invalidCORS, field, "\(method) is never allowed to pages; take it away")
            }
        }
    }

    private static func checkHeaders(_ headers: [String], _ field: String, in findings: inout Findings) {
        findings.checkList(headers.map { $0.lowercased() }, field, atMost: mostEntries)
        for header in headers where !TextRule.isToken(header) {
            findings.note(.invalidCORS, field, "'\(TextRule.printable(header))' is not the name of a header")
        }
        if headers.count > 1, headers.contains("*") {
            findings.note(.invalidCORS, field, "* means every header; let it stand alone")
        }
    }

    /// The end of a sentence that begins with the origin; `nil` when it is written as browsers send it.
    static func fault(of origin: String) -> String? {
        if origin == "null" { return "is what every sandboxed page calls itself; name an origin" }
        if origin == "*" { return "means every origin; let it stand alone" }
        guard origin.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { return "has characters no origin has" }
        guard let separator = origin.firstRange(of: "://") else { return "must be scheme://host or scheme://host:port" }
        let scheme = origin[..<separator.lowerBound]
        let authority = origin[separator.upperBound...]
        guard isScheme(scheme) else { return "must begin with a scheme in small letters" }
        guard !authority.isEmpty, !authority.utf8.contains(where: { "/?#@\\".utf8.contains($0) }) else {
            return "must be scheme://host or scheme://host:port, nothing behind"
        }
        let (host, port) = split(authority)
        if let port, let fault = fault(ofPort: port, scheme: scheme) { return fault }
        return isHost(host) ? nil : "must name a host in small letters, without wildcards"
    }

    private static func isScheme(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, (0x61...0x7a).contains(first) else { return false }
        return text.utf8.allSatisfy {
            (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || [0x2b, 0x2d, 0x2e].contains($0)
        }
    }

    private static func split(_ authority: Substring) -> (host: Substring, port: Substring?) {
        let end = authority.lastIndex(of: "]") ?? authority.startIndex
        guard let colon = authority[end...].firstIndex(of: ":") else { return (authority, nil) }
        return (authority[..<colon], authority[authority.index(after: colon)...])
    }

    private static func fault(ofPort port: Substring, scheme: Substring) -> String? {
        guard let number = UInt16(port), number > 0, port.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            !port.hasPrefix("0")
        else { return "has a port that is not 1 to 65535" }
        let isDefault = scheme == "https" && number == 443 || scheme == "http" && number == 80
        return isDefault ? "must be written without :\(number), as browsers send it" : nil
    }

    private static func isHost(_ host: Substring) -> Bool {
        if host.hasPrefix("["), host.hasSuffix("]") {
            return IPAddress(String(host.dropFirst().dropLast())) != nil && host == host.lowercased()[...]
        }
        if IPAddress(String(host)) != nil { return true }
        return Names.isHost(String(host).replacing("_", with: "x")) && !IPAddress.looksNumeric(String(host))
    }
}
