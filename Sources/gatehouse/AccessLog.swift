import GatewayCore
import GatewayLog

/// Writes one JSON line per exchange on standard output, whatever the input was (SECURITY D-2).
///
/// Works on whole batches, on the receipt writer's thread: one `write` call for many exchanges.
final class AccessLog: Sendable {
    /// The lines of a batch, oldest first.
    static func lines(_ receipts: [Receipt]) -> [UInt8] {
        var line = JSONLine()
        line.reserve(receipts.count * 640)
        for receipt in receipts { append(receipt, to: &line) }
        return line.bytes
    }

    func write(_ receipts: [Receipt]) {
        StandardOutput.write(Self.lines(receipts))
    }

    private static func append(_ receipt: Receipt, to line: inout JSONLine) {
        line.open()
        line.add("time", receipt.startedAt)
        line.add("request_id", receipt.requestID)
        line.add("client", receipt.clientAddress)
        line.add("method", receipt.method)
        line.add("path", receipt.path)
        line.add("http", receipt.httpVersion)
        line.add("status", Int64(receipt.status))
        line.add("outcome", receipt.outcome.rawValue)
        line.add("refusal", receipt.refusal)
        line.add("fallback", receipt.fallback)
        line.add("tenant", receipt.tenant)
        line.add("endpoint", receipt.endpoint)
        line.add("deployment", receipt.deployment)
        line.add("instance", receipt.instance)
        line.add("upstream_status", Int64(receipt.upstreamStatus))
        line.add("caller", receipt.caller)
        line.add("model", receipt.model)
        line.add("request_bytes", receipt.requestBytes)
        line.add("response_bytes", receipt.responseBytes)
        if let tokens = receipt.promptTokens { line.add("prompt_tokens", tokens) }
        if let tokens = receipt.completionTokens { line.add("completion_tokens", tokens) }
        if let time = receipt.firstByteMicroseconds { line.add("first_byte_us", time) }
        line.add("duration_us", receipt.durationMicroseconds)
        line.add("attempts", Int64(receipt.attempts))
        line.add("mirror_of", receipt.mirrorOf)
        line.close()
    }
}

/// Builds JSON objects, one to a line, without a value tree: 0.6 us a line instead of 20 with an encoder.
struct JSONLine {
    private(set) var bytes: [UInt8] = []
    private var isFirst = true

    mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }

    mutating func open() {
        bytes.append(UInt8(ascii: "{"))
        isFirst = true
    }

    mutating func close() {
        bytes.append(UInt8(ascii: "}"))
        bytes.append(0x0a)
    }

    mutating func add(_ name: StaticString, _ value: Int64) {
        add(name, room: OutputSpan<UInt8>.longestDecimal) { $0.append(decimal: value) }
    }

    /// Empty text is left out.
    mutating func add(_ name: StaticString, _ value: String) {
        guard !value.isEmpty else { return }
        if Self.isPlain(value) {
            add(name, room: value.utf8.count + 2) { line in
                line.append(UInt8(ascii: "\""))
                line.append(value)
                line.append(UInt8(ascii: "\""))
            }
        } else {
            add(name, room: value.utf8.count * 6 + 2) { line in
                line.append(UInt8(ascii: "\""))
                for scalar in value.unicodeScalars { Self.escape(scalar, into: &line) }
                line.append(UInt8(ascii: "\""))
            }
        }
    }

    /// - Parameter room: how many bytes the value may take.
    @inline(__always)
    private mutating func add(_ name: StaticString, room: Int, _ value: (inout OutputSpan<UInt8>) -> Void) {
        let comma = isFirst ? 0 : 1
        isFirst = false
        bytes.append(addingCapacity: comma + name.utf8CodeUnitCount + 3 + room) { line in
            if comma > 0 { line.append(UInt8(ascii: ",")) }
            line.append(UInt8(ascii: "\""))
            line.append(name)
            line.append(UInt8(ascii: "\""))
            line.append(UInt8(ascii: ":"))
            value(&line)
        }
    }

    /// Whether it is of printable ASCII, and nothing in it needs an escape: nearly always, and then it is copied as it is.
    private static func isPlain(_ value: String) -> Bool {
        var value = value
        // No early exit and no branch: the compiler looks at many bytes at once.
        return value.withUTF8 { bytes in unsafe bytes.reduce(0) { $0 | needsEscape($1) } == 0 }
    }

    @inline(__always)
    private static func needsEscape(_ byte: UInt8) -> UInt8 {
        (byte < 0x20 ? 1 : 0) | (byte == UInt8(ascii: "\"") ? 1 : 0) | (byte == UInt8(ascii: "\\") ? 1 : 0)
            | (byte >= 0x7f ? 1 : 0)
    }

    /// RFC 8259 §7: quotes, backslashes and control characters are escaped; here too what some readers take for a line's end.
    private static func escape(_ scalar: Unicode.Scalar, into line: inout OutputSpan<UInt8>) {
        switch scalar {
        case "\"", "\\":
            line.append(UInt8(ascii: "\\"))
            line.append(UInt8(scalar.value))
        case _ where scalar.isPlainInLog:
            for byte in scalar.utf8 { line.append(byte) }
        default:
            for unit in scalar.utf16 {
                line.append("\\u" as StaticString)
                for shift in [12, 8, 4, 0] { line.append(digit(UInt8(unit >> shift & 15))) }
            }
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }
}
