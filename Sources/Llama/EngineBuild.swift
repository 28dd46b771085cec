#if Llama
    import Foundation

    /// Which source the engine's files were built from: their build id is its checksum (`scripts/lib/llama.sh`).
    ///
    /// The engine takes a plug-in by the number of its interface, which stays when what is behind it changes.
    enum EngineBuild {
        /// Whether this is the checksum of a source, a SHA-256.
        ///
        /// An engine that was built elsewhere has ids of another length, which differ by file and tell nothing.
        static func isMark(_ id: [UInt8]) -> Bool { id.count == 32 }

        /// The build id of an ELF file of 64 bits; `nil` where it has none or is no such file.
        static func id(of path: String) -> [UInt8]? { ELFFile(path)?.buildID }
    }

    /// The little of an ELF file that leads to its segments and notes (System V ABI, chapter 5).
    struct ELFFile {
        private static let loadSegment: UInt64 = 1
        private static let noteSegment: UInt64 = 4
        private static let buildIDNote: UInt64 = 3

        private let bytes: Data

        init?(_ path: String) {
            // Not mapped: somebody may be writing it. Of 64 bits, the lowest byte first.
            guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: path)),
                bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1])
            else { return nil }
            self.bytes = bytes
        }

        /// Whether all that is loaded of the file is in it: the loader dies of one that was cut short.
        var isWhole: Bool {
            let loaded = segments(Self.loadSegment)
            return !loaded.isEmpty && loaded.allSatisfy { hasPart($0.start, $0.length) }
        }

        var buildID: [UInt8]? {
            for note in segments(Self.noteSegment) {
                if let id = buildID(from: note.start, to: note.start &+ note.length) { return id }
            }
            return nil
        }

        /// The places of segments of a kind, which may lie beyond the file's end.
        private func segments(_ kind: UInt64) -> [(start: UInt64, length: UInt64)] {
            guard let table = number(0x20, 8), let size = number(0x36, 2), let count = number(0x38, 2) else {
                return []
            }
            return (0..<count).compactMap { index in
                let header = table &+ index &* size
                guard number(header, 4) == kind, let start = number(header &+ 8, 8),
                    let length = number(header &+ 32, 8)
                else { return nil }
                return (start, length)
            }
        }

        /// Each note is the lengths of its name and of what it says, its kind, and the two, filled up to four bytes.
        private func buildID(from start: UInt64, to end: UInt64) -> [UInt8]? {
            var at = start
            while at < end, let nameLength = number(at, 4), let length = number(at + 4, 4), let kind = number(at + 8, 4)
            {
                let content = at + 12 + Self.filled(nameLength)
                if kind == Self.buildIDNote, part(at + 12, nameLength) == Array("GNU\0".utf8) {
                    return part(content, length)
                }
                at = content + Self.filled(length)
            }
            return nil
        }

        private static func filled(_ length: UInt64) -> UInt64 { (length + 3) & ~3 }

        private func number(_ position: UInt64, _ width: UInt64) -> UInt64? {
            part(position, width)?.reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }

        private func hasPart(_ position: UInt64, _ length: UInt64) -> Bool {
            position <= bytes.count && length <= UInt64(bytes.count) - position
        }

        private func part(_ position: UInt64, _ length: UInt64) -> [UInt8]? {
            guard hasPart(position, length) else { return nil }
            return Array(bytes[Int(position)..<Int(position + length)])
        }
    }
#endif
