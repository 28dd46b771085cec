/// Numbers of bytes as people read them.
package enum ByteText {
    /// `1.5 GiB`.
    package static func text(_ bytes: Int64) -> String {
        let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
        var (value, unit) = (Double(max(0, bytes)), 0)
        while value >= 1024, unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
        if unit == 0 { return "\(max(0, bytes)) bytes" }
        let tenths = Int64((value * 10).rounded())
        return tenths >= 1000 || tenths % 10 == 0
            ? "\((tenths + 5) / 10) \(units[unit])" : "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }

    /// Reads `200GiB`, `500 MB`, `1TiB` or a number of bytes; `nil` for what is none.
    package static func bytes(_ text: String) -> Int64? {
        let factors: [(String, Int64)] = [
            ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("kB", 1000), ("MB", 1_000_000),
            ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("", 1),
        ]
        guard let (unit, factor) = factors.first(where: { text.hasSuffix($0.0) }) else { return nil }
        let digits = text.dropLast(unit.count).trimmingSuffix { $0 == " " }
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int64(digits) else {
            return nil
        }
        let product = number.multipliedReportingOverflow(by: factor)
        return product.overflow ? nil : product.partialValue
    }
}

extension Substring {
    fileprivate func trimmingSuffix(_ isEnd: (Character) -> Bool) -> Substring {
        var text = self
        while let last = text.last, isEnd(last) { text = text.dropLast() }
        return text
    }
}
