import GatewayCore
import Synchronization
import Testing

/// Captures between the event loops and their writer.
@Suite struct CaptureQueueTests {
    private static func draft(_ number: Int, bodyBytes: Int = 0) -> CaptureDraft {
        let body = CapturedMessage(body: [UInt8](repeating: 0, count: bodyBytes))
        return CaptureDraft(request: body, response: CapturedMessage()) { request, _ in
            Capture(receipt: Receipt(requestID: "\(number)", startedAt: 0), rule: CaptureRule(), request: request)
        }
    }

    private static func ids(_ drafts: [CaptureDraft]) -> [String] { drafts.map { $0.finish().receipt.requestID } }

    /// Counts those that are still held.
    private final class Held: Sendable {
        private let count: CountBox

        init(_ count: CountBox) {
            self.count = count
            count.value.add(1, ordering: .relaxed)
        }

        deinit { count.value.subtract(1, ordering: .relaxed) }
    }

    private final class CountBox: Sendable {
        let value = Atomic<Int>(0)
    }

    @Test func `they come out in the order in which they went in, some at a time`() {
        let queue = CaptureQueue(batchSize: 2)
        for number in 0..<5 { queue.append(Self.draft(number)) }
        #expect(queue.counts.waiting == 5)
        #expect(Self.ids(queue.take()) == ["0", "1"])
        #expect(Self.ids(queue.take()) == ["2", "3"])
        #expect(Self.ids(queue.take()) == ["4"] && queue.take().isEmpty)
    }

    @Test func `what is beyond its number or its bytes is dropped and counted, and there is room again behind it`() {
        let queue = CaptureQueue(mostCaptures: 2, batchSize: 1)
        for number in 0..<2 { queue.append(Self.draft(number)) }
        #expect(queue.hasRoom)
        queue.append(Self.draft(2))
        #expect(queue.counts.dropped == 1 && queue.counts.waiting == 2 && !queue.hasRoom)
        _ = queue.take()
        #expect(queue.hasRoom)
        queue.append(Self.draft(3))
        #expect(Self.ids(queue.take()) == ["1"] && Self.ids(queue.take()) == ["3"])
        let narrow = CaptureQueue(mostBytes: 10_000)
        for number in 0..<3 { narrow.append(Self.draft(number, bodyBytes: 3000)) }
        #expect(narrow.counts.dropped == 2 && Self.ids(narrow.take()) == ["0"])
        narrow.append(Self.draft(4, bodyBytes: 7000))
        #expect(narrow.counts.waiting == 1)
    }

    @Test func `the writer may have fewer wait for a time, and never more than at first`() {
        let queue = CaptureQueue(mostCaptures: 3, batchSize: 1)
        queue.limit(to: 1)
        for number in 0..<2 { queue.append(Self.draft(number)) }
        #expect(queue.counts.waiting == 1 && queue.counts.dropped == 1 && !queue.hasRoom)
        for most in [nil, 9] as [Int?] {
            queue.limit(to: most)
            for number in 0..<4 { queue.append(Self.draft(number)) }
            #expect(queue.counts.waiting == 3)
        }
    }

    @Test func `what the writer gives back is let go one by one as others come, and all of it once nothing comes`() {
        let queue = CaptureQueue(batchSize: 5)
        let count = CountBox()
        func append(_ number: Int) {
            for _ in 0..<number {
                let held = Held(count)
                let none = CapturedMessage()
                queue.append(
                    CaptureDraft(request: none, response: none) { _, _ in
                        withExtendedLifetime(held) { Self.draft(0).finish() }
                    }
                )
            }
        }
        append(5)
        queue.giveBack(queue.take())
        #expect(count.value.load(ordering: .relaxed) == 5)
        append(2)
        #expect(count.value.load(ordering: .relaxed) == 5)
        queue.giveBack(queue.take())
        for left in [5, 0] {
            _ = queue.take()
            #expect(count.value.load(ordering: .relaxed) == left)
        }
    }

    @Test func `a body weighs what its buffer has room for`() {
        var body = [UInt8](repeating: 0, count: 10)
        body.reserveCapacity(9000)
        let queue = CaptureQueue(mostBytes: 10_000)
        let message = CapturedMessage(body: body)
        queue.append(CaptureDraft(request: message, response: CapturedMessage()) { _, _ in Self.draft(0).finish() })
        #expect(queue.counts.dropped == 1)
    }

    @Test func `the buffers of one that was given back come with the next, for another to fill`() {
        let queue = CaptureQueue(batchSize: 1)
        #expect(queue.append(Self.draft(0, bodyBytes: 100)) == nil)
        let batch = queue.take()
        #expect(batch.first?.finish().request.body.count == 100)
        queue.giveBack(batch)
        var old = queue.append(Self.draft(1))
        let buffers = old?.takeBuffers()
        #expect(buffers?.request.count == 100 && buffers?.response.isEmpty == true)
        #expect(queue.append(Self.draft(2)) == nil)
    }
}
