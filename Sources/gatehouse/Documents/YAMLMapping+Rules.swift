import Foundation
import GatewayAPI
import GatewayCore

/// Limits, quotas, prices, CORS and networks, as every kind of document writes them.
extension YAMLMapping {
    /// `[{requests: 600, per: minute}, {concurrent: 64}, {requests: 60, per: minute, by: address}]`.
    func limits(_ key: String) -> [LimitResource] {
        let known = ["requests", "tokens", "concurrent", "body_bytes", "per", "burst", "by", "warn_only"]
        return objects(key, known: known).compactMap { $0.readLimit() }
    }

    private func readLimit() -> LimitResource? {
        let measures = ["requests", "tokens", "concurrent", "body_bytes"]
        guard let measure = oneOf(measures) else { return nil }
        var limit = LimitResource()
        switch measure {
        case "requests": limit.requests = amount(measure)
        case "tokens": limit.tokens = amount(measure)
        case "concurrent": limit.concurrent = amount(measure)
        default: limit.bodyBytes = amount(measure)
        }
        let periods = LimitRule.Period.allCases.map(\.rawValue)
        if measure == "concurrent" {
            for key in ["per", "burst"] where self[key] != nil {
                refuse(key, "has no meaning for concurrent", hint: "remove it")
            }
        } else if self["per"] == nil {
            refuse(measure, "needs per", hint: "add per: second, per: minute or per: hour")
        }
        limit.per = word("per", of: periods)
        limit.burst = amount("burst")
        limit.by = word("by", of: ["address"])
        limit.warnOnly = boolean("warn_only") ?? false
        return limit
    }

    /// `[{tokens: 5000000, per: month, time_zone: Europe/Berlin}, {cost: 12.50, per: day}]`.
    func quotas(_ key: String) -> [QuotaResource] {
        let known = ["requests", "tokens", "cost", "per", "time_zone", "warn_only"]
        return objects(key, known: known).compactMap { $0.readQuota() }
    }

    private func readQuota() -> QuotaResource? {
        guard let measure = oneOf(["requests", "tokens", "cost"]) else { return nil }
        let windows = QuotaRule.Window.allCases.map(\.rawValue)
        if self["per"] == nil { refuse(measure, "needs per", hint: "add per: day, per: week or per: month") }
        var quota = QuotaResource(per: word("per", of: windows) ?? "")
        switch measure {
        case "requests": quota.requests = amount(measure)
        case "tokens": quota.tokens = amount(measure)
        default: quota.cost = money(measure, atLeast: 1)
        }
        if let zone = string("time_zone") {
            if TimeZone(identifier: zone) == nil {
                refuse("time_zone", "\(zone) is not known", hint: "write an IANA name such as Europe/Berlin")
            }
            quota.timeZone = zone
        }
        quota.warnOnly = boolean("warn_only") ?? false
        return quota
    }

    func price(_ key: String) -> PriceResource? {
        guard let price = object(key, known: ["input_per_1k_tokens", "output_per_1k_tokens", "per_request"]) else {
            return nil
        }
        let nothing = Money(millionths: 0)
        return PriceResource(
            inputPer1kTokens: price.money("input_per_1k_tokens") ?? nothing,
            outputPer1kTokens: price.money("output_per_1k_tokens") ?? nothing,
            perRequest: price.money("per_request") ?? nothing
        )
    }

    func queueWeight(_ key: String) -> Int { integer(key, in: QueueWeight.range) ?? QueueWeight.standard }

    func networks(_ key: String) -> [String] {
        let entries = strings(key) ?? []
        do throws(NetworkList.Unreadable) {
            _ = try NetworkList(entries)
        } catch {
            refuse(key, "\(error.entry.debugDescription) is not a network", hint: "write 10.0.0.0/8 or 2001:db8::/32")
        }
        return entries
    }

    /// The one of these keys that is there.
    private func oneOf(_ keys: [String]) -> String? {
        let found = keys.filter { self[$0] != nil }
        if let only = found.first, found.count == 1 { return only }
        let list = keys.joined(separator: ", ")
        if let second = found.dropFirst().first {
            refuse(second, "stands beside \(found[0])", hint: "write each in an entry of its own")
        } else {
            refuse("", "needs one of \(list)", hint: nil)
        }
        return nil
    }
}
