import GatewayCore

/// What tells a person: a rule names which of these go.
extension TextPatterns {
    /// With letters of any script; in a URL its `@` may be percent-encoded.
    static let email = Entry(
        name: "email",
        expression: made(
            #"""
            (?x)
            (?<![\p{L}\p{N}._%+-]) [\p{L}\p{N}._%+-]{1,64} (?:'[\p{L}\p{N}._%+-]{1,64})? (?:@|%40)
            (?:[\p{L}\p{N}-]{1,63}\.){1,8} \p{L}{2,24} (?!\p{L})
            """#
        ),
        mayMatch: { $0.firstIndex(from: 0) { $0.marks(UInt8(ascii: "@")) | $0.marks(UInt8(ascii: "%")) } != nil }
    )

    static let card = Entry(
        name: "card",
        expression: made(#"(?<![0-9.])[0-9](?:[ -]?[0-9]){12,}+"#),
        mayMatch: { hasDigits($0, 13) },
        parts: Luhn.cards
    )

    /// With a `+` or its `00`, or in groups; a date is none, nor is an address or an amount.
    static let phone = Entry(
        name: "phone",
        expression: made(
            #"""
            (?x)
            (?<![0-9A-Za-z+]) \+[1-9](?:[ ()./-]{0,2}[0-9]){6,14}(?![0-9])
            | (?<![0-9A-Za-z.+(-]) 00[1-9][0-9]{0,2}[ /-](?:[ ()/-]?[0-9]){5,12}(?![0-9A-Za-z-])
            | (?<![0-9A-Za-z.+(/-]) 0[1-9][0-9]{1,3}/[0-9]{4,9}(?![0-9A-Za-z/-])
            | (?<![0-9A-Za-z.+(-]) [2-9][0-9]{2}\.[0-9]{3}\.[0-9]{4}(?![0-9A-Za-z.-])
            | (?<![0-9A-Za-z.+(-]) (?!(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2})
              \(?[0-9]{2,5}\)?[ /-][0-9]{3,5}(?:[ -][0-9]{2,5}){1,3}(?![0-9A-Za-z-])
            """#
        ),
        mayMatch: { hasDigits($0, 7) }
    )

    /// Whether there are so many of them, wherever they stand.
    private static func hasDigits(_ text: borrowing Span<UInt8>, _ least: Int) -> Bool {
        var digits = 0
        for index in text.indices where (0x30...0x39).contains(text[index]) { digits += 1 }
        return digits >= least
    }
}

/// The check digit of payment cards (ISO/IEC 7812-1, annex B).
enum Luhn {
    private static let lengths = 13...19
    /// Digits of a card's shortest group, where they are written in groups.
    private static let shortestGroup = 3

    /// - Parameter digits: ASCII.
    static func holds(_ digits: some BidirectionalCollection<UInt8>) -> Bool {
        var sum = 0
        for (place, byte) in digits.reversed().enumerated() {
            let digit = Int(byte - 0x30)
            let doubled = digit * 2
            sum += place.isMultiple(of: 2) ? digit : (doubled > 9 ? doubled - 9 : doubled)
        }
        return sum.isMultiple(of: 10) && digits.contains { $0 != 0x30 }
    }

    /// The numbers of cards in a run of digits and what is between their groups: all of it, or some groups.
    ///
    /// A month, a year or a check number may stand beside one as if it were a group of it.
    static func cards(in run: ArraySlice<UInt8>) -> [Range<Int>] {
        if isCard(run) { return [run.indices] }
        let groups = run.split { !(0x30...0x39).contains($0) }
        var found: [Range<Int>] = []
        for first in groups.indices {
            var digits = 0
            for last in groups[first...].indices {
                digits += groups[last].count
                guard groups[last].count >= shortestGroup, digits <= lengths.upperBound else { break }
                let range = groups[first].startIndex..<groups[last].endIndex
                guard digits >= lengths.lowerBound, isCard(run[range]) else { continue }
                if let before = found.last, before.upperBound > range.lowerBound {
                    found[found.count - 1] = before.lowerBound..<max(before.upperBound, range.upperBound)
                } else {
                    found.append(range)
                }
            }
        }
        return found
    }

    private static func isCard(_ text: ArraySlice<UInt8>) -> Bool {
        let digits = text.filter { (0x30...0x39).contains($0) }
        return lengths.contains(digits.count) && holds(digits)
    }
}
