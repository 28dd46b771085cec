import Dispatch
import Foundation
import Synchronization
import Testing

@testable import GatewayWorkers

@Suite(.timeLimit(.minutes(1))) struct ModelBookTests {
    private func specification(_ file: URL) -> WorkerSpecification {
        WorkerSpecification(id: "a", modelPath: file.path, modelName: "m")
    }

    private func known(_ file: URL, _ book: ModelBook) async -> ModelFile? {
        while book.isBeingRead(specification(file)) { await Task.yield() }
        return book.model(of: specification(file))
    }

    @Test func `who asks never waits for a file, which is read once as long as it stays the same`() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("book-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let reads = Mutex(0)
        let gate = DispatchSemaphore(value: 0)
        let book = ModelBook(read: { _, _ in
            gate.wait()
            reads.withLock { $0 += 1 }
            return nil
        })
        #expect(!book.isBeingRead(specification(file)) && book.model(of: specification(file)) == nil)
        try Data("one".utf8).write(to: file)
        // Nobody lets it read yet.
        for _ in 0..<3 { #expect(book.isBeingRead(specification(file)) && book.model(of: specification(file)) == nil) }
        gate.signal()
        #expect(await known(file, book)?.size == 3)
        #expect(await known(file, book)?.size == 3 && reads.withLock { $0 } == 1)
        // Another file in its place, as long and as old as it was.
        let date = try FileManager.default.attributesOfItem(atPath: file.path)[.modificationDate] as? Date
        let other = file.appendingPathExtension("new")
        try Data("two".utf8).write(to: other)
        try FileManager.default.setAttributes([.modificationDate: date ?? Date()], ofItemAtPath: other.path)
        try FileManager.default.removeItem(at: file)
        try FileManager.default.moveItem(at: other, to: file)
        #expect(book.isBeingRead(specification(file)))
        // What is there goes on as it was known.
        #expect(book.model(of: specification(file))?.size == 3)
        // One that is being written is read once at a time.
        try Data("three".utf8).write(to: file)
        #expect(book.isBeingRead(specification(file)))
        try Data("two".utf8).write(to: file)
        gate.signal()
        while reads.withLock({ $0 }) < 2 { await Task.yield() }
        // What it was when it was read is not what it is now.
        for _ in 0..<2 { gate.signal() }
        #expect(await known(file, book)?.size == 3 && reads.withLock { $0 } <= 4)
    }
}
