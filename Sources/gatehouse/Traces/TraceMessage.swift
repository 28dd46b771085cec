import GatewayCore

/// Traces as the body of an OTLP request (`opentelemetry/proto/collector/trace/v1/trace_service.proto`).
struct TraceMessage {
    /// Says whose traces they are: `service.name` and the like.
    let resource: [String: String]
    let version: String

    /// An `ExportTraceServiceRequest`.
    ///
    /// - Parameter nextID: for spans that nobody was told of.
    func bytes(_ traces: [Trace], _ nextID: () -> UInt64) -> [UInt8] {
        var request = ProtobufWriter()
        request.add(1) { resourceSpans in
            resourceSpans.add(1) { resource in
                for (name, value) in self.resource.sorted(by: { $0.key < $1.key }) {
                    resource.add(1) { Self.attribute(name, .text(value), in: &$0) }
                }
            }
            resourceSpans.add(2) { scopeSpans in
                scopeSpans.add(1) { scope in
                    scope.add(1, text: "gatehouse")
                    scope.add(2, text: version)
                }
                for trace in traces {
                    for span in trace.spans(nextID) { scopeSpans.add(2) { Self.write(span, in: &$0) } }
                }
            }
        }
        return request.bytes
    }

    /// What an `ExportTraceServiceResponse` says against it; `nil` where all was taken.
    static func complaint(in response: [UInt8]) -> String? {
        guard let partial = ProtobufReader.fields(response)[1]?.bytes else { return nil }
        let fields = ProtobufReader.fields(partial)
        guard let count = fields[1]?.number, count > 0 else { return nil }
        let words = String(decoding: fields[2]?.bytes ?? [], as: UTF8.self)
        return "the collector has rejected \(count) spans: \(words.prefix(200))"
    }

    private static func write(_ span: TraceSpan, in message: inout ProtobufWriter) {
        message.add(1, bytes: bytes(span.context.trace.high) + bytes(span.context.trace.low))
        message.add(2, bytes: bytes(span.context.span))
        message.add(3, text: span.context.state)
        if let parent = span.parent { message.add(4, bytes: bytes(parent)) }
        message.add(5, text: span.name)
        message.add(6, varint: UInt64(span.kind.rawValue))
        message.add(7, fixed64: UInt64(clamping: span.start))
        message.add(8, fixed64: UInt64(clamping: span.end))
        for attribute in span.attributes {
            message.add(9) { Self.attribute(attribute.name, attribute.value, in: &$0) }
        }
        if span.isError { message.add(15) { $0.add(3, varint: 2) } }
        message.add(16, fixed32: flags(of: span))
    }

    /// The sampled flag, and whether the parent is in another process, which is known.
    private static func flags(of span: TraceSpan) -> UInt32 {
        (span.context.isSampled ? 1 : 0) | 0x100 | (span.hasRemoteParent ? 0x200 : 0)
    }

    /// A `KeyValue`.
    private static func attribute(_ name: String, _ value: TraceSpan.Value, in message: inout ProtobufWriter) {
        message.add(1, text: name)
        message.add(2) { any in
            switch value {
            case .text(let text): any.add(1, chosen: text)
            case .flag(let flag): any.add(2, chosen: flag ? 1 : 0)
            case .number(let number): any.add(3, chosen: UInt64(bitPattern: number))
            case .decimal(let number): any.add(4, chosenDecimal: number)
            case .texts(let texts):
                any.add(5) { list in
                    for text in texts { list.add(1) { $0.add(1, chosen: text) } }
                }
            }
        }
    }

    /// The highest byte first.
    private static func bytes(_ word: UInt64) -> [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
    }
}

/// Reads the little of protobuf that a collector answers.
enum ProtobufReader {
    struct Value {
        var number: UInt64 = 0
        var bytes: [UInt8] = []
    }

    /// By number, the last one of each; what is broken ends it.
    static func fields(_ message: [UInt8]) -> [UInt64: Value] {
        var fields: [UInt64: Value] = [:]
        var rest = message[...]
        while let tag = varint(&rest) {
            switch tag & 7 {
            case 0:
                guard let number = varint(&rest) else { return fields }
                fields[tag >> 3] = Value(number: number)
            case 2:
                guard let count = varint(&rest), count <= UInt64(rest.count) else { return fields }
                fields[tag >> 3] = Value(bytes: Array(rest.prefix(Int(count))))
                rest = rest.dropFirst(Int(count))
            case 1: rest = rest.dropFirst(8)
            case 5: rest = rest.dropFirst(4)
            default: return fields
            }
        }
        return fields
    }

    private static func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }
}
