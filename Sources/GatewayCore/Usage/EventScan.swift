/// Reads server-sent events (WHATWG HTML §9.2) just enough to find where they end and what usage they tell.
package enum EventScan {
    /// What one whole event means for accounting.
    package struct Finding: Sendable, Equatable {
        package var usage: TokenUsage?
        /// The extra event that `include_usage` brings: no choices, only usage.
        package var isUsageOnly = false
        /// Whether it brings a piece of the answer, of which no usage in it tells.
        package var isContent = false
    }

    /// The position behind the blank line that ends the event beginning at `start`; `nil` while it is not complete.
    package static func endOfEvent(_ bytes: borrowing Span<UInt8>, from start: Int) -> Int? {
        var at = start
        while at < bytes.count {
            if bytes[at] == 0x0d, at + 1 < bytes.count, bytes[at + 1] == 0x0d { return at + 2 }
            guard bytes[at] == 0x0a else {
                at += 1
                continue
            }
            if at + 1 < bytes.count, bytes[at + 1] == 0x0a { return at + 2 }
            if at + 2 < bytes.count, bytes[at + 1] == 0x0d, bytes[at + 2] == 0x0a { return at + 3 }
            at += 1
        }
        return nil
    }

    package static func inspect(_ bytes: borrowing Span<UInt8>, _ event: Range<Int>) -> Finding {
        var finding = Finding()
        guard let place = data(bytes, event) else { return finding }
        let data = bytes.extracting(place)
        var usage: Range<Int>?
        var wrapper: Range<Int>?
        var hasNoChoices = false
        var hasContent = false
        _ = JSONScan.members(of: data) { member in
            if JSONScan.matches(data, member.name, "usage") { usage = member.value }
            if JSONScan.matches(data, member.name, "message") || JSONScan.matches(data, member.name, "response") {
                wrapper = member.value
            }
            if JSONScan.matches(data, member.name, "choices") {
                hasNoChoices = isEmptyArray(data, member.value)
                hasContent = !hasNoChoices
            }
            if JSONScan.matches(data, member.name, "delta") { hasContent = true }
        }
        if let usage, data[usage.lowerBound] == UInt8(ascii: "{") {
            finding.usage = TokenUsage(ofObject: data.extracting(usage))
            finding.isUsageOnly = hasNoChoices
        } else if let wrapper, data[wrapper.lowerBound] == UInt8(ascii: "{") {
            finding.usage = wrappedUsage(data.extracting(wrapper))
        }
        finding.isContent = hasContent && finding.usage == nil
        return finding
    }

    /// Anthropic's first event tells the prompt's tokens inside `message`, the last of OpenAI's responses all in `response`.
    private static func wrappedUsage(_ bytes: borrowing Span<UInt8>) -> TokenUsage? {
        var usage: Range<Int>?
        _ = JSONScan.members(of: bytes) { member in
            if JSONScan.matches(bytes, member.name, "usage") { usage = member.value }
        }
        guard let usage else { return nil }
        return TokenUsage(ofObject: bytes.extracting(usage))
    }

    /// From where the payload of the event's first `data:` line begins, when it is a JSON object, to the event's end.
    package static func data(_ bytes: borrowing Span<UInt8>, _ event: Range<Int>) -> Range<Int>? {
        var at = event.lowerBound
        while at + 5 < event.upperBound {
            if bytes[at] == UInt8(ascii: "d"), bytes[at + 1] == UInt8(ascii: "a"), bytes[at + 2] == UInt8(ascii: "t"),
                bytes[at + 3] == UInt8(ascii: "a"), bytes[at + 4] == UInt8(ascii: ":")
            {
                let start = bytes[at + 5] == 0x20 ? at + 6 : at + 5
                guard start < event.upperBound, bytes[start] == UInt8(ascii: "{") else { return nil }
                return start..<event.upperBound
            }
            while at < event.upperBound, bytes[at] != 0x0a, bytes[at] != 0x0d { at += 1 }
            at += 1
        }
        return nil
    }

    private static func isEmptyArray(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard bytes[range.lowerBound] == UInt8(ascii: "[") else { return false }
        return JSONScan.skipSpace(bytes, range.lowerBound + 1) == range.upperBound - 1
    }
}
