/// Turns the bytes of tokens into text that can be sent: holds back half characters, and the beginnings of stop
/// strings until it is clear that they are none.
package struct TextAssembler {
    private let stops: [[UInt8]]
    private var held: [UInt8] = []
    package private(set) var hasStopped = false
    /// Bytes whose text was given out.
    package private(set) var emitted = 0

    package init(stops: [String]) {
        self.stops = stops.map { Array($0.utf8) }
    }

    /// Text that is certain after these bytes.
    package mutating func append(_ bytes: some Sequence<UInt8>) -> String {
        guard !hasStopped else { return "" }
        held += bytes
        if let match = firstStop() {
            hasStopped = true
            held.removeSubrange(match...)
            return drain(held.count)
        }
        let open = min(held.count, firstPossibleStop())
        return drain(open - Self.incompleteTail(held[..<open]))
    }

    /// The rest, when nothing more comes.
    package mutating func finish() -> String {
        drain(held.count)
    }

    private mutating func drain(_ count: Int) -> String {
        let text = String(decoding: held[..<count], as: UTF8.self)
        held.removeSubrange(..<count)
        emitted += count
        return text
    }

    /// Where the earliest stop string begins.
    private func firstStop() -> Int? {
        held.indices.first { start in stops.contains { held[start...].starts(with: $0) } }
    }

    /// Where a stop string may have begun that is not complete yet.
    private func firstPossibleStop() -> Int {
        held.indices.first { start in stops.contains { $0.starts(with: held[start...]) } } ?? held.count
    }

    /// How many bytes at the end begin a character that is not complete.
    static func incompleteTail(_ bytes: ArraySlice<UInt8>) -> Int {
        for (back, byte) in bytes.reversed().prefix(4).enumerated() {
            let needed =
                switch byte {
                case 0x80...0xBF: 0
                case 0xC2...0xDF: 2
                case 0xE0...0xEF: 3
                case 0xF0...0xF4: 4
                default: 1
                }
            guard needed > 0 else { continue }
            return needed > back + 1 ? back + 1 : 0
        }
        return 0
    }
}
