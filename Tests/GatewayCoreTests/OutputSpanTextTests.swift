import Testing

@testable import GatewayCore

@Suite struct OutputSpanTextTests {
    private func text(_ room: Int, _ write: (inout OutputSpan<UInt8>) -> Void) -> String {
        String(decoding: [UInt8](capacity: room, initializingWith: write), as: UTF8.self)
    }

    @Test(arguments: [
        0, 1, 9, 10, 11, 99, 100, 12_345, 999_999_999_999_999_999, 1_000_000_000_000_000_000, .max, -1, .min,
    ])
    func `numbers are written as they are`(number: Int64) {
        #expect(text(OutputSpan<UInt8>.longestDecimal) { $0.append(decimal: number) } == String(number))
    }

    @Test func `numbers around every power of two and of ten have their digits`() {
        let powersOfTen = (0..<19).map { (0..<$0).reduce(Int64(1)) { power, _ in power * 10 } }
        let powersOfTwo = (0..<63).map { Int64(1) << $0 }
        for power in powersOfTen + powersOfTwo {
            for number in [power - 1, power, power + 1] {
                #expect(text(OutputSpan<UInt8>.longestDecimal) { $0.append(decimal: number) } == String(number))
            }
        }
    }

    @Test(arguments: ["", "x", "fifteen letters", "more than fifteen letters", "größer", "\u{0}\n"])
    func `texts are written byte by byte behind what is there`(word: String) {
        let written = text(word.utf8.count + 3) { line in
            line.append("a=" as StaticString)
            line.append(word)
            line.append(UInt8(ascii: ";"))
        }
        #expect(written == "a=\(word);")
    }
}
