/// The last lines that an instance wrote.
struct LogTail {
    private let capacity: Int
    private(set) var lines: [String] = []

    init(capacity: Int) {
        self.capacity = capacity
    }

    mutating func append(_ line: String) {
        if lines.count == capacity { lines.removeFirst() }
        lines.append(line)
    }
}
