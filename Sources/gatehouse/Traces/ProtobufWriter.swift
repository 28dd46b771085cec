/// Writes a message in protobuf's wire format; fields come in the order of the calls.
///
/// Values that are a field's default are left out, as protobuf's own writers do.
struct ProtobufWriter {
    private enum Wire: UInt64 {
        case varint = 0
        case eightBytes = 1
        case length = 2
        case fourBytes = 5
    }

    private(set) var bytes: [UInt8] = []

    mutating func add(_ field: UInt64, varint value: UInt64) {
        guard value != 0 else { return }
        tag(field, .varint)
        append(varint: value)
    }

    mutating func add(_ field: UInt64, fixed32 value: UInt32) {
        guard value != 0 else { return }
        tag(field, .fourBytes)
        append(value)
    }

    mutating func add(_ field: UInt64, fixed64 value: UInt64) {
        guard value != 0 else { return }
        tag(field, .eightBytes)
        append(value)
    }

    mutating func add(_ field: UInt64, text: String) {
        guard !text.isEmpty else { return }
        addWhole(field, text.utf8)
    }

    mutating func add(_ field: UInt64, bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        addWhole(field, bytes)
    }

    /// A message, or a member of a `oneof`: there even when it is empty.
    mutating func add(_ field: UInt64, message build: (inout ProtobufWriter) -> Void) {
        var message = ProtobufWriter()
        build(&message)
        addWhole(field, message.bytes)
    }

    /// A member of a `oneof`.
    mutating func add(_ field: UInt64, chosen value: UInt64) {
        tag(field, .varint)
        append(varint: value)
    }

    /// A member of a `oneof`.
    mutating func add(_ field: UInt64, chosenDecimal value: Double) {
        tag(field, .eightBytes)
        append(value.bitPattern)
    }

    /// A member of a `oneof`.
    mutating func add(_ field: UInt64, chosen text: String) { addWhole(field, text.utf8) }

    private mutating func addWhole(_ field: UInt64, _ content: some Collection<UInt8>) {
        tag(field, .length)
        append(varint: UInt64(content.count))
        bytes += content
    }

    private mutating func tag(_ field: UInt64, _ wire: Wire) { append(varint: field << 3 | wire.rawValue) }

    private mutating func append(varint value: UInt64) {
        var rest = value
        while rest > 0x7f {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// The lowest byte first.
    private mutating func append<Word: FixedWidthInteger & UnsignedInteger>(_ word: Word) {
        for shift in stride(from: 0, to: Word.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: word >> Word(shift)))
        }
    }
}
