/// The place of one span in a trace, as W3C's Trace Context writes it in `traceparent` and `tracestate`.
package struct TraceContext: Sendable, Equatable {
    package struct TraceID: Sendable, Hashable {
        package let high: UInt64
        package let low: UInt64

        package init(high: UInt64, low: UInt64) {
            self.high = high
            self.low = low
        }
    }

    package let trace: TraceID
    /// Never 0.
    package let span: UInt64
    /// Whether the trace is recorded, as whoever began it has decided.
    package let isSampled: Bool
    /// The value of `tracestate`: what other systems noted; empty where there is none.
    package let state: String

    package init(trace: TraceID, span: UInt64, isSampled: Bool, state: String = "") {
        self.trace = trace
        self.span = span
        self.isSampled = isSampled
        self.state = state
    }

    /// What a request says of the span that it comes from.
    ///
    /// - Parameters:
    ///   - parents: the values of its headers `traceparent`; `nil` comes of anything but one that is right.
    ///   - states: those of its headers `tracestate`; what is wrong there is left out, and the trace goes on.
    package init?(parents: [String], states: [String]) {
        guard parents.count == 1, let parent = Parent(parents[0]) else { return nil }
        trace = parent.trace
        span = parent.span
        isSampled = parent.isSampled
        state = TraceState.joined(states) ?? ""
    }

    /// The same trace at another span.
    package func at(_ span: UInt64) -> TraceContext {
        TraceContext(trace: trace, span: span, isSampled: isSampled, state: state)
    }

    /// The value of `traceparent`, in the version that everybody reads.
    package var parentText: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Parent.length)
        bytes += "00-".utf8
        Self.append(trace.high, to: &bytes)
        Self.append(trace.low, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        Self.append(span, to: &bytes)
        bytes += (isSampled ? "-01" : "-00").utf8
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func append(_ word: UInt64, to bytes: inout [UInt8]) {
        for index in 0..<16 {
            let nibble = UInt8(truncatingIfNeeded: word >> (60 - 4 * UInt64(index))) & 15
            bytes.append(nibble < 10 ? 0x30 + nibble : 0x57 + nibble)
        }
    }
}

/// A `traceparent` that was read (W3C Trace Context 3.2).
private struct Parent {
    /// Of version 00; a later one may have more behind it.
    static let length = 55

    let trace: TraceContext.TraceID
    let span: UInt64
    let isSampled: Bool

    init?(_ text: String) {
        let bytes = Array(text.utf8.prefix(Self.length + 1))
        let dash = UInt8(ascii: "-")
        guard bytes.count >= Self.length, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash,
            let version = Self.number(bytes[0..<2]), version != 0xff,
            bytes.count == Self.length || (version > 0 && bytes[Self.length] == dash),
            let high = Self.number(bytes[3..<19]), let low = Self.number(bytes[19..<35]), high | low != 0,
            let span = Self.number(bytes[36..<52]), span != 0,
            let flags = Self.number(bytes[53..<55])
        else { return nil }
        trace = TraceContext.TraceID(high: high, low: low)
        self.span = span
        isSampled = flags & 1 == 1
    }

    /// Of small hexadecimal digits.
    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        for digit in digits {
            switch digit {
            case 0x30...0x39: number = number << 4 | UInt64(digit - 0x30)
            case 0x61...0x66: number = number << 4 | UInt64(digit - 0x57)
            default: return nil
            }
        }
        return number
    }
}

/// The rules of `tracestate` (W3C Trace Context 3.3).
private enum TraceState {
    private static let mostMembers = 32
    /// The standard asks for 512 bytes at least.
    private static let longest = 4096

    /// All of the headers as one value; `nil` when a member breaks a rule.
    static func joined(_ values: [String]) -> String? {
        guard values.reduce(0, { $0 + $1.utf8.count }) <= longest else { return nil }
        let members = values.flatMap { $0.split(separator: ",") }.map { $0.trimmed }.filter { !$0.isEmpty }
        guard members.count <= mostMembers, members.allSatisfy(isMember) else { return nil }
        return members.joined(separator: ",")
    }

    private static func isMember(_ member: Substring) -> Bool {
        guard let equals = member.utf8.firstIndex(of: UInt8(ascii: "=")) else { return false }
        let value = member.utf8[member.utf8.index(after: equals)...]
        return isKey(member.utf8[..<equals]) && (1...256).contains(value.count)
            && value.allSatisfy { (0x20...0x7e).contains($0) && $0 != UInt8(ascii: "=") }
    }

    private static func isKey(_ key: Substring.UTF8View) -> Bool {
        guard let first = key.first else { return false }
        guard let at = key.firstIndex(of: UInt8(ascii: "@")) else {
            return first.isLowercaseLetter && key.count <= 256 && key.allSatisfy(\.isOfKey)
        }
        let (tenant, system) = (key[..<at], key[key.index(after: at)...])
        return (first.isLowercaseLetter || first.isDigit) && tenant.count <= 241 && tenant.allSatisfy(\.isOfKey)
            && system.first?.isLowercaseLetter == true && system.count <= 14 && system.allSatisfy(\.isOfKey)
    }
}

extension Substring {
    /// Without spaces and tabs around it.
    fileprivate var trimmed: Substring {
        var text = self
        while let first = text.utf8.first, first == 0x20 || first == 0x09 { text.removeFirst() }
        while let last = text.utf8.last, last == 0x20 || last == 0x09 { text.removeLast() }
        return text
    }
}

extension UInt8 {
    fileprivate var isOfKey: Bool {
        switch self {
        case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "/"): true
        default: isLowercaseLetter || isDigit
        }
    }
}
