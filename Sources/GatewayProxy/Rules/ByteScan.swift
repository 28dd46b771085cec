extension Span<UInt8> {
    /// The position of the first control character other than a tab at or behind `start`, or the end.
    func firstControl(from start: Int) -> Int {
        var index = start
        while index &+ 8 <= count, !word(at: index).mayHoldControl { index &+= 8 }
        while index < count, !self[index].isForbiddenInValue { index &+= 1 }
        return index
    }

    /// Eight bytes at once; `index` plus eight may not lie behind the end.
    func word(at index: Int) -> UInt64 {
        // Safe: the load checks its bounds, any eight bytes are a UInt64, and bytes have no padding.
        unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
    }
}

extension UInt64 {
    /// Whether one of the eight bytes is below 0x20 or is 0x7f; true also for a tab, which the caller then tells apart.
    var mayHoldControl: Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let belowSpace = (self &- ones &* 0x20) & ~self & highs
        let delete = self ^ (ones &* 0x7f)
        return belowSpace | ((delete &- ones) & ~delete & highs) != 0
    }
}

extension UInt64 {
    /// Whether all eight bytes are US-ASCII and none is a control character.
    var isPlain: Bool { self & 0x8080_8080_8080_8080 == 0 && !mayHoldControl }
}
