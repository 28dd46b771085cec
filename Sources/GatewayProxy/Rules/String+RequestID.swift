import GatewayCore

extension String {
    /// Whether a client's request id can be kept: 1 to 128 visible characters without quotes and backslash.
    ///
    /// It is logged, stored and looked up as it is, so that a credential cannot be one (SECURITY D-1).
    var isRequestID: Bool {
        withBytes { bytes in
            guard (1...128).contains(bytes.count) else { return false }
            var marks: UInt64 = 0
            for index in bytes.indices {
                let byte = bytes[index]
                guard byte.isVisible, byte != 0x22, byte != 0x27, byte != 0x5c else { return false }
                marks |= byte.credentialMark
            }
            return marks == 0 || !CredentialScan.finds(in: bytes)
        }
    }
}

extension UInt8 {
    /// 1 for `:`, `=`, `I`, `J`, `K`, `_`, `g`, `k` and `x`, else 0: one of them is in every credential that has a form, and none in a UUID.
    fileprivate var credentialMark: UInt64 {
        // Two words of a bit set, as in `isToken`.
        let set: UInt64 = self < 64 ? 0x2400_0000_0000_0000 : 0x0100_0880_8000_0e00
        return (set &>> UInt64(self)) & 1
    }

    fileprivate var isOfWord: Bool { isOfToken && self != UInt8(ascii: "-") }

    fileprivate var isOfToken: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }
}

/// Finds what captures' `TextPatterns` take out of any text, and some more: an id of our own does in its place.
private enum CredentialScan {
    /// What a name ends with behind which there is one.
    private static let names = [
        "password", "passwd", "pwd", "passphrase", "secret", "key", "token", "sig", "signature", "code", "auth",
        "authorization", "assertion", "string",
    ]
    .map { Array($0.utf8) }
    private static let prefixes = ["sk-", "AKIA", "AIza", "glpat-", "hf_", "npm_"]
    private static let shortest = 19

    static func finds(in id: Span<UInt8>) -> Bool {
        for index in id.indices {
            if index == 0 || !id[index - 1].isOfWord, isToken(id, index) { return true }
            switch id[index] {
            case UInt8(ascii: "="): if isNamed(id, index) { return true }
            case UInt8(ascii: ":"): if isNamed(id, index) || stands("://", id, index) { return true }
            default: break
            }
        }
        return false
    }

    private static func isToken(_ id: Span<UInt8>, _ start: Int) -> Bool {
        if stands("eyJ", id, start) { return true }
        var end = start
        while end < id.count, id[end].isOfToken { end += 1 }
        guard end - start >= shortest else { return false }
        let isGitHub = stands("gh", id, start) && (stands("_", id, start + 3) || stands("_", id, start + 4))
        let isSlack = stands("xox", id, start) && stands("-", id, start + 4)
        return isGitHub || isSlack || prefixes.contains { stands($0, id, start) }
    }

    private static func isNamed(_ id: Span<UInt8>, _ end: Int) -> Bool {
        names.contains { name in
            name.count <= end && name.indices.allSatisfy { id[end - name.count + $0] | 0x20 == name[$0] }
        }
    }

    private static func stands(_ text: String, _ id: Span<UInt8>, _ at: Int) -> Bool {
        at + text.utf8.count <= id.count && zip(text.utf8, at..<id.count).allSatisfy { $0 == id[$1] }
    }
}
