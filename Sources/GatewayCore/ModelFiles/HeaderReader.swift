package import Foundation

/// Reads the beginning of a file in order and in pieces.
///
/// What a header says of itself is asked against what the file has: no count or length makes it hold more than a piece, or
/// read more than its bound.
package struct HeaderReader {
    private static let piece = 64 << 10

    /// Bytes of the whole file.
    package let size: UInt64
    /// How far it may read.
    private let bound: UInt64
    /// Bytes from an offset, as many as there are and are asked for.
    private let read: (_ offset: UInt64, _ count: Int) throws -> [UInt8]
    private var buffer: [UInt8] = []
    /// Of the next byte in the buffer.
    private var position = 0
    /// Of the buffer's first byte in the file.
    private var start: UInt64 = 0

    package init(size: UInt64, bound: UInt64, read: @escaping (_ offset: UInt64, _ count: Int) throws -> [UInt8]) {
        self.size = size
        self.bound = min(size, bound)
        self.read = read
    }

    /// Of the next byte.
    package var offset: UInt64 { start + UInt64(position) }
    /// Bytes that the file has from here on.
    package var rest: UInt64 { size - offset }

    package mutating func integer<Number: FixedWidthInteger & UnsignedInteger>(_: Number.Type) throws -> Number {
        let width = Number.bitWidth / 8
        try fill(width)
        var number: Number = 0
        for index in (0..<width).reversed() { number = (number << 8) | Number(buffer[position + index]) }
        position += width
        return number
    }

    /// The next bytes, as many as there are, without going on.
    package mutating func peek(_ count: Int) throws -> [UInt8] {
        let there = Int(min(UInt64(count), rest))
        try fill(there)
        return Array(buffer[position..<position + there])
    }

    package mutating func bytes(_ count: Int) throws -> [UInt8] {
        try require(UInt64(count))
        var found: [UInt8] = []
        found.reserveCapacity(count)
        while found.count < count {
            try fill(1)
            let part = buffer[position..<min(buffer.count, position + count - found.count)]
            found += part
            position += part.count
        }
        return found
    }

    package mutating func skip(_ count: UInt64) throws {
        try require(count)
        if count <= UInt64(buffer.count - position) {
            position += Int(count)
        } else {
            start = offset + count
            position = 0
            buffer = []
        }
    }

    private func require(_ count: UInt64) throws {
        guard count <= rest else { throw ModelFileProblem("it ends in the middle of its header") }
        guard count <= bound - min(bound, offset) else {
            throw ModelFileProblem("its header is over \(bound >> 20) MiB")
        }
    }

    /// At least so many bytes, no more than a piece, lie in the buffer.
    private mutating func fill(_ count: Int) throws {
        guard buffer.count - position < count else { return }
        try require(UInt64(count))
        start = offset
        buffer = try read(start, Int(min(UInt64(Self.piece), bound - start)))
        position = 0
        guard buffer.count >= count else { throw ModelFileProblem("it ends in the middle of its header") }
    }
}

extension HeaderReader {
    /// Of a file that may change while it is read; blocks.
    package init(_ file: FileHandle, bound: UInt64) throws {
        let size = try file.seekToEnd()
        self.init(size: size, bound: bound) { offset, count in
            try file.seek(toOffset: offset)
            return [UInt8](try file.read(upToCount: count) ?? Data())
        }
    }
}

/// What is wrong with a model's file, as the end of a sentence about it.
package struct ModelFileProblem: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
