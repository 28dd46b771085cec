package import Foundation

/// A line that a worker wrote, or that is said of it.
package struct WorkerLine: Sendable, Equatable {
    /// When it was read.
    package var time: Date
    /// Which of the deployment's workers wrote it, from 0; `nil` where it is said of all.
    package var instance: Int?
    package var text: String

    package init(time: Date, instance: Int?, text: String) {
        self.time = time
        self.instance = instance
        self.text = text
    }
}

/// The last lines that an instance wrote.
struct LogTail {
    private let capacity: Int
    private(set) var lines: [WorkerLine] = []

    init(capacity: Int) {
        self.capacity = capacity
    }

    mutating func append(_ line: WorkerLine) {
        if lines.count == capacity { lines.removeFirst() }
        lines.append(line)
    }
}
