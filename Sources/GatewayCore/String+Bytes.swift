extension String {
    /// Lends the string's UTF-8 bytes.
    @inlinable
    package func withBytes<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        let result = unsafe utf8.withContiguousStorageIfAvailable { bytes in unsafe body(bytes.span) }
        if let result { return result }
        let copy = Array(utf8)
        return body(copy.span)
    }

    /// The text of a part of such bytes.
    init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        self = unsafe bytes.extracting(range).withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
}
