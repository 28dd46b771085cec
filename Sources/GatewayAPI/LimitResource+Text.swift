extension LimitResource {
    /// As people read it: `600 requests/minute by address, burst 20`.
    package var text: String {
        let measures: [(String, Int64?)] = [
            ("requests", requests), ("tokens", tokens), ("concurrent", concurrent), ("body bytes", bodyBytes),
        ]
        var text = measures.compactMap { name, amount in amount.map { "\($0) \(name)" } }.joined(separator: " ")
        if let per { text += "/\(per)" }
        if let by { text += " by \(by)" }
        if let burst { text += ", burst \(burst)" }
        return warnOnly ? "\(text), warn only" : text
    }
}

extension QuotaResource {
    /// As people read it: `5000000 tokens/month`, with the time zone where it is not UTC.
    package var text: String {
        let amounts: [(String, String?)] = [
            ("requests", requests.map(String.init)), ("tokens", tokens.map(String.init)),
            ("cost", cost.map(\.description)),
        ]
        var text = amounts.compactMap { name, amount in amount.map { "\($0) \(name)" } }.joined(separator: " ")
        text += "/\(per)"
        if timeZone != "UTC" { text += " in \(timeZone)" }
        return warnOnly ? "\(text), warn only" : text
    }
}
