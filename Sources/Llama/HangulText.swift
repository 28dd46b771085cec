/// Takes Korean syllables apart into their letters, as Unicode's canonical decomposition does.
///
/// BERT models without upper case were trained with texts decomposed; the engine's tokenizer does that for accents, by a
/// table in which syllables, which are computed, are not.
enum HangulText {
    private static let syllables: ClosedRange<UInt32> = 0xAC00...0xD7A3
    /// Of a syllable: 19 first letters, 21 vowels, and 28 ends, of which the first is none.
    private static let (vowels, ends): (UInt32, UInt32) = (21, 28)

    static func hasSyllables(_ text: some StringProtocol) -> Bool {
        // Every syllable begins with one of four bytes, which hardly any other character has.
        text.utf8.contains { (0xEA...0xED).contains($0) }
            && text.unicodeScalars.contains { syllables.contains($0.value) }
    }

    static func apart(_ text: String) -> String {
        guard hasSyllables(text) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            guard syllables.contains(scalar.value) else {
                result.append(scalar)
                continue
            }
            let index = scalar.value - syllables.lowerBound
            let letters = [
                0x1100 + index / (vowels * ends), 0x1161 + index % (vowels * ends) / ends, 0x11A7 + index % ends,
            ]
            result.append(contentsOf: letters.prefix(index % ends == 0 ? 2 : 3).compactMap(Unicode.Scalar.init))
        }
        return String(result)
    }
}
