import Foundation
import GRDB
import GatewayCore
import Logging
import Synchronization
import Testing

@testable import GatewayStore

/// The service that drains the queue of captures.
@Suite struct CaptureWriterTests {
    private let queue = CaptureQueue()
    private let store: CaptureStore
    private let writer: CaptureWriter
    private let threads = Threads()

    /// On which threads captures were made, and by which policy of the scheduler.
    private final class Threads: Sendable {
        let all = Mutex<Set<String>>([])
    }

    init() throws {
        store = try CaptureStoreTests.store()
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        writer = CaptureWriter(queue: queue, store: store, logger: logger)
    }

    private func append(_ numbers: Range<Int>) {
        for number in numbers {
            let capture = CaptureStoreTests.capture(number)
            queue.append(
                CaptureDraft(request: capture.request, response: capture.response) { [threads] _, _ in
                    let thread = "\(Thread.current.name ?? "") \(sched_getscheduler(0))"
                    threads.all.withLock { _ = $0.insert(thread) }
                    return capture
                }
            )
        }
    }

    private var stored: Int {
        get async throws {
            try await store.pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM captures") ?? 0 }
        }
    }

    #if os(Linux)
        @Test func `all of it is done on one thread, which has only what processor time nobody else wants`()
            async throws
        {
            let writing = Task { try await writer.run() }
            append(0..<250)
            for _ in 0..<6000 where queue.counts.stored < 250 { try await Task.sleep(for: .milliseconds(10)) }
            // SCHED_IDLE
            #expect(threads.all.withLock(\.self) == ["captures 5"])
            writing.cancel()
            try await writing.value
            #expect(try await stored == 250 && sched_getscheduler(0) == 0)
        }
    #endif

    @Test func `what waits when it is to stop is written before it ends, as urgently as all else`() async throws {
        append(0..<250)
        let writing = Task {
            while !Task.isCancelled { await Task.yield() }
            try await writer.run()
        }
        writing.cancel()
        try await writing.value
        #expect(try await stored == 250 && queue.counts.stored == 250 && queue.counts.waiting == 0)
        #if os(Linux)
            #expect(!threads.all.withLock(\.self).contains("captures 5"))
        #endif
    }
}
