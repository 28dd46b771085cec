/// The words of a name, which tell whether it is a credential's: they are apart by signs, or begin with capitals.
struct NameParts {
    /// What a word of a credential's name ends with.
    private static let endings = [
        "secret", "password", "passwd", "pwd", "passphrase", "credential", "credentials", "apikey", "authorization",
        "cookie", "jwt",
    ]
    /// What a key to something is called by: other keys, such as those of a cache, are none.
    private static let keys: Set<String> = [
        "access", "account", "admin", "api", "app", "application", "auth", "client", "customer", "encryption",
        "function", "functions", "license", "master", "private", "secret", "service", "session", "shared", "signing",
        "ssh", "storage", "subscription",
    ]
    /// What a token is called by that is none to a service: it is a model's, or says where a list goes on.
    private static let tokens: Set<String> = [
        "page", "nextpage", "next", "previous", "prev", "continuation", "continue", "skip", "sync", "cursor", "bos",
        "eos", "pad", "unk", "cls", "sep", "mask", "stop", "start", "end", "special", "first", "last", "per", "to",
        "by", "input", "output", "prompt", "completion", "cached", "reasoning", "think", "thinking", "draft",
        "generated", "accepted", "rejected", "predicted", "sampled", "chosen", "decoded", "text", "audio", "image",
        "video", "vision", "total", "max", "min", "each", "single", "top", "sub", "word",
    ]
    /// What the last word says is told of tokens that a model reads and writes, or where to get one.
    private static let counts: Set<String> = [
        "budget", "cost", "count", "endpoint", "ids", "index", "latency", "limit", "logprob", "logprobs", "rate",
        "remaining", "reset", "type", "usage",
    ]
    /// One of them is in each name of a credential that has none of `k`, `w` and `z`.
    private static let stems = ["cret", "cred", "phra", "sser", "nnec"]
        .map { $0.utf8.reduce(0) { $0 << 8 | UInt32($1) } }

    private let parts: [String]

    init(_ name: String) {
        parts = Self.words(Array(name.utf8))
    }

    /// Tells at little cost that a name is none: this is asked of every member of a body.
    static func mayBeCredential(_ name: borrowing Span<UInt8>) -> Bool {
        let stems = stems
        var last: UInt32 = 0
        for index in name.indices {
            let letter = name[index] | 0x20
            last = last << 8 | UInt32(letter)
            switch letter {
            // The last stands for a backslash: what it hides is only seen without it.
            case UInt8(ascii: "w"), UInt8(ascii: "z"), UInt8(ascii: "|"): return true
            // Of `key`, `token` and `cookie`, but not of `tokens`.
            case UInt8(ascii: "k"): if index + 3 >= name.count || !isSmall(name[index + 3]) { return true }
            default: if stems.contains(last) { return true }
            }
        }
        return false
    }

    /// - Parameter alone: whether `token` is one where no other word says whose it is.
    func isCredential(alone: Bool) -> Bool {
        guard let last = parts.last, parts.indices.contains(where: { isCredential($0, alone) }) else { return false }
        return !Self.counts.contains(last)
    }

    private func isCredential(_ index: Int, _ alone: Bool) -> Bool {
        let part = parts[index]
        if part.hasSuffix("key") {
            let whose = whose(index, "key")
            if Self.keys.contains(whose) || whose.hasSuffix("api") { return true }
        } else if part.hasSuffix("token") {
            let whose = whose(index, "token")
            return whose.isEmpty ? alone : !Self.tokens.contains(whose)
        }
        return Self.endings.contains(where: part.hasSuffix)
    }

    /// What stands before a word's end: the rest of it, or the word before.
    private func whose(_ index: Int, _ end: String) -> String {
        let rest = parts[index].dropLast(end.count)
        return rest.isEmpty && index > 0 ? parts[index - 1] : String(rest)
    }

    /// In lower case, without the number at the end of one.
    private static func words(_ name: [UInt8]) -> [String] {
        var words: [[UInt8]] = [[]]
        for (index, byte) in name.enumerated() {
            guard !"-_. []".utf8.contains(byte) else {
                words.append([])
                continue
            }
            if isBorder(name, index) { words.append([]) }
            words[words.count - 1].append(isCapital(byte) ? byte | 0x20 : byte)
        }
        return words.compactMap { word in
            let letters = word.prefix(1 + (word.lastIndex { !(0x30...0x39).contains($0) } ?? -1))
            return letters.isEmpty ? nil : String(decoding: letters, as: UTF8.self)
        }
    }

    /// Whether a capital letter begins a word: behind a small one or a digit, or as the last of several.
    private static func isBorder(_ name: [UInt8], _ index: Int) -> Bool {
        guard index > 0, isCapital(name[index]) else { return false }
        guard isCapital(name[index - 1]) else { return true }
        return index + 1 < name.count && isSmall(name[index + 1])
    }

    private static func isSmall(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }

    private static func isCapital(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) }
}
