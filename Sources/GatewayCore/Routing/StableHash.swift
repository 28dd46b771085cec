/// A hash that is the same in every process, on every machine and in every release.
///
/// Callers are assigned by it: another one would move them all at once. FNV-1a collects the bytes, and the finaliser of
/// SplitMix64 spreads them over all bits.
struct StableHash: Equatable {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325

    /// - Parameter purpose: what is decided, so that two decisions about one caller do not agree by accident.
    init(_ purpose: String) {
        add(purpose)
    }

    /// Adds a text and its end: `ab`, `c` is not `a`, `bc`.
    mutating func add(_ text: String) {
        for byte in text.utf8 { add(byte) }
        add(0xff)
    }

    /// 64 bits, each as likely 0 as 1.
    var value: UInt64 { Self.mix(state) }

    static func mix(_ value: UInt64) -> UInt64 {
        var bits = value &+ 0x9e37_79b9_7f4a_7c15
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return bits ^ (bits >> 31)
    }

    private mutating func add(_ byte: UInt8) {
        state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }
}
