import Testing

@testable import Llama

@Suite struct TextAssemblerTests {
    private func pieces(_ bytes: [[UInt8]], stops: [String] = []) -> [String] {
        var assembler = TextAssembler(stops: stops)
        return bytes.map { assembler.append($0) } + [assembler.finish()]
    }

    private func pieces(_ texts: [String], stops: [String]) -> [String] {
        pieces(texts.map { Array($0.utf8) }, stops: stops)
    }

    @Test func `half a character is held back until its other half comes`() {
        #expect(pieces([[0x61, 0xE2], [0x82], [0xAC, 0x62]]) == ["a", "", "€b", ""])
        #expect(pieces([[0xF0, 0x9F], [0x98, 0x80]]) == ["", "😀", ""])
    }

    @Test func `a character that never becomes whole is replaced, not lost`() {
        #expect(pieces([[0x61, 0xE2, 0x82]]) == ["a", "\u{FFFD}"])
    }

    @Test func `bytes that begin no character do not hold anything back`() {
        #expect(pieces([[0x80, 0x61], [0xFF], [0xC0]]) == ["\u{FFFD}a", "\u{FFFD}", "\u{FFFD}", ""])
    }

    @Test func `every split of a text gives the same text`() {
        let bytes = Array("naïve 😀 — ok".utf8)
        for cut in bytes.indices {
            #expect(pieces([Array(bytes[..<cut]), Array(bytes[cut...])]).joined() == "naïve 😀 — ok")
        }
    }

    @Test func `a stop string ends the text before it`() {
        #expect(pieces(["one two", " three"], stops: ["two"]) == ["one ", "", ""])
    }

    @Test func `a stop string that is spread over tokens is never sent in part`() {
        #expect(pieces(["a E", "N", "D b"], stops: ["END"]) == ["a ", "", "", ""])
    }

    @Test func `what only began like a stop string is sent once that is clear`() {
        #expect(pieces(["a E", "N", "Q"], stops: ["END"]) == ["a ", "", "ENQ", ""])
        #expect(pieces(["a EN"], stops: ["END"]) == ["a ", "EN"])
    }

    @Test func `the earliest of several stop strings counts`() {
        #expect(pieces(["abcd"], stops: ["cd", "b"]) == ["a", ""])
    }

    @Test func `a stop string may overlap with its own beginning`() {
        #expect(pieces(["aa", "ab"], stops: ["aab"]) == ["", "a", ""])
    }

    @Test func `a stop string may hold characters of several bytes`() {
        #expect(pieces([[0x61, 0xE2], [0x82, 0xAC], [0x62]], stops: ["€"]) == ["a", "", "", ""])
    }

    @Test func `nothing comes after the stop`() {
        var assembler = TextAssembler(stops: ["x"])
        _ = assembler.append(Array("ax".utf8))
        #expect(assembler.hasStopped)
        #expect(assembler.append(Array("more".utf8)).isEmpty)
    }
}
