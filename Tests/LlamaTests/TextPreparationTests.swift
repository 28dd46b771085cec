import Foundation
import Testing

@testable import Llama

@Suite struct TextPreparationTests {
    @Test(arguments: ["한국어도 조금.", "서울은 대한민국의 수도이다.", "가힣각", "no Korean: été 東京 ꜀", ""])
    func `Korean is taken apart as Unicode says, and nothing else`(text: String) {
        let apart = HangulText.apart(text)
        let expected = text.unicodeScalars.map { scalar in
            (0xAC00...0xD7A3).contains(scalar.value)
                ? String(scalar).decomposedStringWithCanonicalMapping : String(scalar)
        }
        #expect(Array(apart.unicodeScalars) == Array(expected.joined().unicodeScalars))
    }

    @Test(arguments: [
        ("", 0), ("   \n ", 0), ("one", 1), (" one  two\tthree\n", 3), ("... - 東京 é", 0), ("a.b,c (d)", 2),
        (String(repeating: "x", count: 100_000), 1),
    ]) func `words that are a token at least are counted`(text: String, count: Int) {
        #expect(WordCount.least(in: text) == count)
    }
}
