import GatewayCore
import Testing

@Suite struct ReceiptQueueTests {
    /// Of an admitted request.
    private func receipt(_ id: Int) -> Receipt {
        var receipt = refused(id)
        receipt.deployment = "blue"
        return receipt
    }

    private func refused(_ id: Int) -> Receipt { Receipt(requestID: "\(id)", startedAt: 0) }

    @Test func `whoever is refused fills three quarters at most, and the rest stays for who is admitted`() {
        let queue = ReceiptQueue(bound: 8)
        for id in 0..<1000 { queue.append(refused(id)) }
        #expect(queue.hasRoom)
        #expect(queue.takeDropped() == 994)
        #expect(queue.takeDropped() == 0)
        for id in 0..<2 {
            #expect(queue.hasRoom)
            queue.append(receipt(id))
        }
        #expect(!queue.hasRoom)
        queue.append(refused(0))
        queue.append(receipt(2))
        #expect(queue.takeAll().map(\.requestID) == ["0", "1", "2", "3", "4", "5", "0", "1", "2"])
        #expect(queue.takeDropped() == 1)
        queue.append(refused(7))
        #expect(queue.takeAll().count == 1)
    }

    @Test func `receipts come out oldest first and once`() {
        let queue = ReceiptQueue()
        for id in 0..<5 { queue.append(receipt(id)) }
        #expect(queue.takeAll().map(\.requestID) == ["0", "1", "2", "3", "4"])
        #expect(queue.takeAll().isEmpty)
    }

    @Test func `a full queue has no room until it is emptied`() {
        let queue = ReceiptQueue(bound: 2)
        #expect(queue.hasRoom)
        queue.append(receipt(1))
        #expect(queue.hasRoom)
        queue.append(receipt(2))
        #expect(!queue.hasRoom)
        _ = queue.takeAll()
        #expect(queue.hasRoom)
    }

    @Test func `what is in flight when it fills is kept all the same`() {
        let queue = ReceiptQueue(bound: 1)
        for id in 0..<10 { queue.append(receipt(id)) }
        #expect(queue.takeAll().count == 10)
    }

    @Test func `no receipt is lost between threads`() async {
        let queue = ReceiptQueue()
        let taken = await withTaskGroup(of: [Receipt].self) { group in
            for task in 0..<4 {
                group.addTask {
                    var mine: [Receipt] = []
                    for id in 0..<1000 {
                        queue.append(receipt(task * 1000 + id))
                        if id.isMultiple(of: 97) { mine += queue.takeAll() }
                    }
                    return mine
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        let all = taken + queue.takeAll()
        #expect(all.count == 4000)
        #expect(Set(all.map(\.requestID)).count == 4000)
        #expect(queue.hasRoom)
    }
}
