/// How the numbers of a tensor are written, by the code that GGUF gives it.
package struct TensorType: Sendable, Hashable {
    package let code: UInt32

    /// `Q4_K`; a code that is newer than this table is named by its number.
    package var name: String { Self.table[code]?.name ?? "type \(code)" }

    /// Bytes of so many numbers, rounded up to whole blocks; `nil` where the type is not known or the count too large.
    package func size(of count: UInt64) -> UInt64? {
        guard let entry = Self.table[code] else { return nil }
        let blocks = count / entry.block + (count % entry.block == 0 ? 0 : 1)
        let size = blocks.multipliedReportingOverflow(by: entry.bytes)
        return size.overflow ? nil : size.partialValue
    }

    /// Numbers in one block, and the block's bytes.
    private struct Entry {
        let name: String
        let block: UInt64
        let bytes: UInt64

        init(_ name: String, _ block: UInt64, _ bytes: UInt64) {
            self.name = name
            self.block = block
            self.bytes = bytes
        }
    }

    private static let table: [UInt32: Entry] = [
        0: Entry("F32", 1, 4), 1: Entry("F16", 1, 2), 2: Entry("Q4_0", 32, 18), 3: Entry("Q4_1", 32, 20),
        6: Entry("Q5_0", 32, 22), 7: Entry("Q5_1", 32, 24), 8: Entry("Q8_0", 32, 34), 9: Entry("Q8_1", 32, 36),
        10: Entry("Q2_K", 256, 84), 11: Entry("Q3_K", 256, 110), 12: Entry("Q4_K", 256, 144),
        13: Entry("Q5_K", 256, 176), 14: Entry("Q6_K", 256, 210), 15: Entry("Q8_K", 256, 292),
        16: Entry("IQ2_XXS", 256, 66), 17: Entry("IQ2_XS", 256, 74), 18: Entry("IQ3_XXS", 256, 98),
        19: Entry("IQ1_S", 256, 50), 20: Entry("IQ4_NL", 32, 18), 21: Entry("IQ3_S", 256, 110),
        22: Entry("IQ2_S", 256, 82), 23: Entry("IQ4_XS", 256, 136), 24: Entry("I8", 1, 1), 25: Entry("I16", 1, 2),
        26: Entry("I32", 1, 4), 27: Entry("I64", 1, 8), 28: Entry("F64", 1, 8), 29: Entry("IQ1_M", 256, 56),
        30: Entry("BF16", 1, 2), 34: Entry("TQ1_0", 256, 54), 35: Entry("TQ2_0", 256, 66), 39: Entry("MXFP4", 32, 17),
    ]
}

/// How a whole model was quantised, by `general.file_type`.
package enum FileType {
    package static func name(_ code: UInt64) -> String? { table[code] }

    private static let table: [UInt64: String] = [
        0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S",
        12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS",
        20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M",
        28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4_MOE",
    ]
}
