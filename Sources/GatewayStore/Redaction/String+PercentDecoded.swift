extension String {
    /// As it is meant, where it is percent-encoded: what is no escape stands for itself, and hides none of the others.
    ///
    /// - Parameter plusIsSpace: as in a query or a form.
    func percentDecoded(plusIsSpace: Bool = false) -> String {
        guard utf8.contains(where: { $0 == UInt8(ascii: "%") || plusIsSpace && $0 == UInt8(ascii: "+") }) else {
            return self
        }
        let bytes = Array(utf8)
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var at = 0
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "%"), at + 2 < bytes.count,
                let value = Self.hexadecimal(bytes[at + 1], bytes[at + 2])
            {
                decoded.append(value)
                at += 3
            } else {
                decoded.append(plusIsSpace && bytes[at] == UInt8(ascii: "+") ? 0x20 : bytes[at])
                at += 1
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    private static func hexadecimal(_ high: UInt8, _ low: UInt8) -> UInt8? {
        guard let high = Character(Unicode.Scalar(high)).hexDigitValue,
            let low = Character(Unicode.Scalar(low)).hexDigitValue
        else { return nil }
        return UInt8(high << 4 | low)
    }
}
