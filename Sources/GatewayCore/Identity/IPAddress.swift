/// An address literal, in the one form that rules compare.
///
/// IPv4 addresses that hide in IPv6 (mapped, compatible, NAT64) are read as the IPv4 address they reach.
package struct IPAddress: Sendable, Hashable {
    /// 128 bits, high half first; IPv4 lies in `::ffff:0:0/96`.
    package let high: UInt64
    package let low: UInt64

    package var isIPv4: Bool { high == 0 && low >> 32 == 0xffff }

    /// Reads `127.0.0.1` or `fe80::1`; `nil` for every other spelling, zone identifiers included.
    package init?(_ text: String) {
        if let address = Self.readIPv4(text[...]) {
            self.init(ipv4: address)
            return
        }
        guard text.contains(":"), let groups = Self.readIPv6(text) else { return nil }
        let high = groups[0..<4].reduce(0) { $0 << 16 | UInt64($1) }
        let low = groups[4..<8].reduce(0) { $0 << 16 | UInt64($1) }
        let isCompatible = high == 0 && low >> 32 == 0 && low > 1
        let isTranslated = high == 0x0064_ff9b_0000_0000 && low >> 32 == 0
        if isCompatible || isTranslated {
            self.init(ipv4: UInt32(truncatingIfNeeded: low))
        } else {
            self.init(high: high, low: low)
        }
    }

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    private init(ipv4: UInt32) {
        self.init(high: 0, low: 0xffff << 32 | UInt64(ipv4))
    }

    /// Whether a host looks like a number to some resolver (`2130706433`, `0x7f.1`, `127.1.`): its last label is digits or hex.
    package static func looksNumeric(_ host: String) -> Bool {
        let labels = host.split(separator: ".")
        guard let last = labels.last else { return true }
        if last.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { return true }
        guard last.hasPrefix("0x") || last.hasPrefix("0X") else { return false }
        return last.dropFirst(2).allSatisfy(\.isHexDigit)
    }

    /// Four decimal numbers without leading zeros.
    private static func readIPv4(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                part == "0" || !part.hasPrefix("0"), let byte = UInt8(part)
            else { return nil }
            value = value << 8 | UInt32(byte)
        }
        return value
    }

    /// The eight groups of RFC 4291 §2.2, dotted tail included.
    private static func readIPv6(_ text: String) -> [UInt16]? {
        guard let gap = text.firstRange(of: "::") else {
            guard let groups = readGroups(text[...]), groups.count == 8 else { return nil }
            return groups
        }
        guard let head = readGroups(text[..<gap.lowerBound]), let tail = readGroups(text[gap.upperBound...]),
            head.count + tail.count < 8
        else { return nil }
        return head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail
    }

    private static func readGroups(_ text: Substring) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, part.contains(".") {
                guard let address = readIPv4(part) else { return nil }
                groups += [UInt16(address >> 16), UInt16(truncatingIfNeeded: address)]
            } else {
                guard (1...4).contains(part.utf8.count), part.allSatisfy(\.isHexDigit),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups
    }
}
