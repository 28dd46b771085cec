/// Makes request ids: 128 bits in hexadecimal, unique in practice.
///
/// They are names, not secrets, and begin with the time, as UUIDs of version 7 do (RFC 9562, section 5.7): those of one moment
/// stand together in an index, which else is written all over by every batch.
///
/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) from two random seeds: asking the kernel each time would cost two system
/// calls per request.
struct RequestIDSource {
    private var high: UInt64
    private var low: UInt64

    init() {
        var generator = SystemRandomNumberGenerator()
        high = generator.next()
        low = generator.next()
    }

    /// 32 hexadecimal characters: 48 bits of time and 80 random ones.
    ///
    /// - Parameter microseconds: since 1970.
    mutating func next(at microseconds: Int64) -> String {
        let first = UInt64(bitPattern: microseconds / 1000) << 16 | Self.step(&high) >> 48
        let second = Self.step(&low)
        return unsafe String(unsafeUninitializedCapacity: 32) { buffer in
            for index in 0..<16 {
                unsafe buffer[index] = Self.digit(first >> (60 - 4 * UInt64(index)))
                unsafe buffer[16 + index] = Self.digit(second >> (60 - 4 * UInt64(index)))
            }
            return 32
        }
    }

    /// 64 bits, for spans and traces; never 0, which names none.
    mutating func nextWord() -> UInt64 {
        let word = Self.step(&low)
        return word == 0 ? nextWord() : word
    }

    private static func step(_ state: inout UInt64) -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }

    private static func digit(_ value: UInt64) -> UInt8 {
        let nibble = UInt8(value & 15)
        return nibble < 10 ? 0x30 + nibble : 0x57 + nibble
    }
}
