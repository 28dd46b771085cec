/// Counts words without reading a text as the model does.
enum WordCount {
    /// Bytes that are no spaces.
    static func visible(in text: String) -> Int { text.utf8.count { $0 > 0x20 } }

    /// How many words between spaces have a letter or a digit of ASCII: each of them is a token at least, whatever tokenizer
    /// merges or leaves out the rest.
    static func least(in text: String) -> Int {
        var count = 0
        var isCounted = false
        for byte in text.utf8 {
            switch byte {
            case 0x09...0x0D, 0x20: isCounted = false
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A:
                count += isCounted ? 0 : 1
                isCounted = true
            default: break
            }
        }
        return count
    }
}
