extension GGUFHeader {
    /// A tensor as the header has it.
    package struct Tensor: Sendable, Equatable {
        /// The beginning of a name that is longer than any that has a meaning.
        package let name: String
        package let shape: [UInt64]
        package let type: TensorType
        /// Of its first byte, from the beginning of all of them.
        package let offset: UInt64
    }

    private static let longestNameKept: UInt64 = 256
    private static let mostDimensions: UInt32 = 4

    /// Reads the list of tensors, which is what follows; keeps none of them.
    ///
    /// - Returns: where their bytes begin in the file.
    /// - Throws: `ModelFileProblem` for what is no good list, and what `take` throws.
    package func readTensors(_ reader: inout HeaderReader, _ take: (Tensor) throws -> Void) throws -> UInt64 {
        for _ in 0..<tensors { try take(try Self.readTensor(&reader)) }
        let alignment = number("general.alignment") ?? 32
        guard (1...(1 << 20)).contains(alignment), alignment & (alignment - 1) == 0 else {
            throw ModelFileProblem("the alignment of its tensors is \(alignment)")
        }
        return (reader.offset + alignment - 1) & ~(alignment - 1)
    }

    private static func readTensor(_ reader: inout HeaderReader) throws -> Tensor {
        let length = try reader.integer(UInt64.self)
        guard length <= longestName else { throw ModelFileProblem("a name in its header is too long") }
        let name = String(decoding: try reader.bytes(Int(min(length, longestNameKept))), as: UTF8.self)
        if length > longestNameKept { try reader.skip(length - longestNameKept) }
        let dimensions = try reader.integer(UInt32.self)
        guard dimensions <= mostDimensions else {
            throw ModelFileProblem("a tensor of it has \(dimensions) dimensions")
        }
        var shape: [UInt64] = []
        for _ in 0..<dimensions { shape.append(try reader.integer(UInt64.self)) }
        let type = TensorType(code: try reader.integer(UInt32.self))
        return Tensor(name: name, shape: shape, type: type, offset: try reader.integer(UInt64.self))
    }
}

/// All tensors of a file as sums: no memory is taken for each.
package struct TensorSum: Sendable {
    /// Numbers of all tensors.
    package private(set) var parameters: UInt64 = 0
    /// Where the last one ends, from the beginning of all of them.
    private var end: UInt64 = 0
    private var countsByType: [TensorType: UInt64] = [:]

    package init() {}

    /// Of the type of most of its numbers: `Q4_K`.
    package var commonType: String? {
        countsByType.max { ($0.value, $1.key.code) < ($1.value, $0.key.code) }?.key.name
    }

    package mutating func add(_ tensor: GGUFHeader.Tensor) throws {
        var elements: UInt64 = 1
        for length in tensor.shape {
            let product = elements.multipliedReportingOverflow(by: length)
            guard !product.overflow else { throw Self.tooLarge }
            elements = product.partialValue
        }
        let sum = parameters.addingReportingOverflow(elements)
        let end = tensor.offset.addingReportingOverflow(tensor.type.size(of: elements) ?? 0)
        guard !sum.overflow, !end.overflow else { throw Self.tooLarge }
        parameters = sum.partialValue
        self.end = max(self.end, end.partialValue)
        countsByType[tensor.type, default: 0] += elements
    }

    /// Whether a file is long enough.
    ///
    /// - Parameters:
    ///   - start: where the tensors begin in it.
    ///   - size: its bytes.
    package func check(from start: UInt64, size: UInt64) throws {
        let needed = start.addingReportingOverflow(end)
        guard countsByType.isEmpty || (!needed.overflow && needed.partialValue <= size) else {
            throw ModelFileProblem("it is cut off: its tensors go beyond its \(size) bytes")
        }
    }

    private static var tooLarge: ModelFileProblem { ModelFileProblem("a tensor of it is larger than any can be") }
}
