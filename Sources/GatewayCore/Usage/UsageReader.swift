/// Reads the tokens of an answer that is one JSON object, as its bytes pass.
///
/// Only the top-level member `usage` is kept, and of it at most 4 KiB.
package struct UsageReader: Sendable {
    private static let bound = 4096
    private static let key = Array("usage".utf8)

    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    /// Bytes of `key` matched so far in the string being read at depth 1; -1 = no match.
    private var matched = -1
    private var sawKey = false
    private var isCapturing = false
    private var captured: [UInt8] = []

    package init() {}

    package mutating func read(_ bytes: borrowing Span<UInt8>) {
        for index in bytes.indices {
            let byte = bytes[index]
            if isCapturing {
                if captured.count < Self.bound { captured.append(byte) }
            }
            if isInString { readString(byte) } else { readStructure(byte) }
        }
    }

    /// What was found; `nil` when the answer had no usage.
    package var usage: TokenUsage? { object.flatMap { TokenUsage(ofObject: $0.span) } }

    /// The usage as it stood there.
    package var object: [UInt8]? { isCapturing || captured.isEmpty ? nil : captured }

    private mutating func readString(_ byte: UInt8) {
        if isEscaped {
            isEscaped = false
            matched = -1
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
            isInString = false
            sawKey = depth == 1 && matched == Self.key.count
        } else if matched >= 0 {
            matched = matched < Self.key.count && Self.key[matched] == byte ? matched + 1 : -1
        }
    }

    private mutating func readStructure(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""):
            isInString = true
            matched = depth == 1 ? 0 : -1
            sawKey = false
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            depth += 1
            if sawKey, byte == UInt8(ascii: "{"), !isCapturing {
                isCapturing = true
                captured = [byte]
            }
            sawKey = false
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            depth -= 1
            if isCapturing, depth == 1 { isCapturing = false }
        case UInt8(ascii: ":"), 0x20, 0x09, 0x0a, 0x0d: break
        default: sawKey = false
        }
    }
}

extension TokenUsage {
    /// Reads `{"prompt_tokens":…,"completion_tokens":…}` or Anthropic's `{"input_tokens":…,"output_tokens":…}`.
    package init?(ofObject bytes: borrowing Span<UInt8>) {
        var usage = TokenUsage()
        _ = JSONScan.members(of: bytes) { member in
            if JSONScan.matches(bytes, member.name, "prompt_tokens")
                || JSONScan.matches(bytes, member.name, "input_tokens")
            {
                usage.prompt = JSONScan.integer(bytes, member.value)
            }
            if JSONScan.matches(bytes, member.name, "completion_tokens")
                || JSONScan.matches(bytes, member.name, "output_tokens")
            {
                usage.completion = JSONScan.integer(bytes, member.value)
            }
        }
        guard usage.prompt != nil || usage.completion != nil else { return nil }
        self = usage
    }

    /// Later numbers replace earlier ones; what is missing stays.
    package mutating func merge(_ later: TokenUsage) {
        prompt = later.prompt ?? prompt
        completion = later.completion ?? completion
    }
}
