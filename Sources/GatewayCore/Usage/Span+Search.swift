/// Eight bytes, to be looked through at once.
@usableFromInline
package struct ByteBlock {
    @usableFromInline let bits: UInt64

    @inlinable
    init(bits: UInt64) {
        self.bits = bits
    }

    /// The high bit of each byte that is this one; above the first it may mark others too (Warren, Hacker's Delight, 6-1).
    @inlinable
    package func marks(_ byte: UInt8) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let difference = bits ^ (ones &* UInt64(byte))
        return (difference &- ones) & ~difference & (ones << 7)
    }
}

extension Span<UInt8> {
    /// The first place, from `start` on, that is marked.
    ///
    /// - Parameter marks: of a block, the marks of one byte or of several, put together with `|`; none of zero.
    @inlinable
    package func firstIndex(from start: Int, marks: (ByteBlock) -> UInt64) -> Int? {
        let width = 8
        var at = start
        while at < count {
            let found = marks(at + width <= count ? block(at) : lastBlock(at))
            if found != 0 { return at + found.trailingZeroBitCount / width }
            at += width
        }
        return nil
    }

    @inlinable
    func block(_ at: Int) -> ByteBlock {
        unsafe withUnsafeBytes { bytes in
            ByteBlock(bits: UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
        }
    }

    /// What is left, and zeros.
    @inlinable
    func lastBlock(_ at: Int) -> ByteBlock {
        var bits: UInt64 = 0
        for index in (at..<count).reversed() { bits = bits << 8 | UInt64(self[index]) }
        return ByteBlock(bits: bits)
    }
}
