import Foundation
import GRDB
import GatewayCore
import Testing

@testable import GatewayStore

/// Captures that were stored, found, deleted, and outlived.
@Suite struct CaptureStoreTests {
    static let now = Int64(Date().timeIntervalSince1970) * 1_000_000

    static func store(_ retention: CaptureRetention = CaptureRetention()) throws -> CaptureStore {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("captures-\(UUID().uuidString)")
        return try CaptureStore(path: folder.appendingPathComponent("captures.db").path, retention: retention)
    }

    static func capture(_ number: Int, tenant: String = "demo", text: String = "hello", at: Int64? = nil)
        -> Capture
    {
        var receipt = Receipt(requestID: "request-\(number)", startedAt: at ?? now + Int64(number))
        receipt.tenant = tenant
        receipt.endpoint = "chat"
        receipt.deployment = number.isMultiple(of: 2) ? "blue" : "green"
        receipt.caller = "demo/chat#primary"
        receipt.method = "POST"
        receipt.path = "/v1/chat/completions"
        receipt.status = number.isMultiple(of: 10) ? 500 : 200
        receipt.outcome = .completed
        receipt.promptTokens = Int64(number)
        receipt.durationMicroseconds = Int64(number) * 1000
        receipt.isStreamed = true
        let headers = [CapturedMessage.Header(name: "content-type", value: "application/json")]
        let body = Array(#"{"text":"\#(text) \#(number)"}"#.utf8)
        return Capture(
            receipt: receipt,
            rule: CaptureRule(),
            query: "a=b",
            request: CapturedMessage(headers: headers, body: body, size: Int64(body.count)),
            response: CapturedMessage(
                headers: headers,
                body: Array("answer \(number)".utf8),
                size: 100_000,
                pieces: [.init(offset: 0, microseconds: 5), .init(offset: 3, microseconds: 900_000)]
            )
        )
    }

    static func query(_ change: (inout CaptureQuery) -> Void = { _ in }) -> CaptureQuery {
        var query = CaptureQuery(tenant: "demo")
        change(&query)
        return query
    }

    static func index(_ store: CaptureStore) async throws {
        while try store.indexNext() {}
    }

    @Test func `a capture comes back as it was`() async throws {
        let store = try Self.store()
        var capture = Self.capture(7)
        capture.response.body = Array("answer 7,".utf8)
        capture.response.isTruncated = true
        try store.append([Self.capture(6), capture])
        let row = try #require(try await store.list(Self.query()).first)
        #expect(row.receipt.requestID == "request-7" && row.query == "a=b" && row.isResponseCut && !row.isRequestCut)
        #expect(row.responseSize == 100_000 && row.receipt.durationMicroseconds == 7000)
        let found = try #require(try await store.capture(row.id, tenant: "demo"))
        #expect(found.row == row)
        #expect(found.content.request.headers == capture.request.headers)
        #expect(found.content.request.body == capture.request.body)
        #expect(found.content.response.body == capture.response.body)
        #expect(found.content.response.pieces == capture.response.pieces)
    }

    @Test func `a capture says what of its request it does not have`() async throws {
        let store = try Self.store()
        func loss(_ change: (inout Capture) -> Void) async throws -> CaptureLoss? {
            var capture = Self.capture(1)
            change(&capture)
            try store.append([capture])
            let row = try #require(try await store.list(Self.query()).first)
            return try await store.capture(row.id, tenant: "demo")?.content.loss
        }
        #expect(try await loss { _ in } == [])
        #expect(try await loss { $0.request.body = Array(#"{"password":"x"}"#.utf8) } == .requestContent)
        #expect(try await loss { $0.query = "sig=1" } == .requestContent)
        #expect(try await loss { $0.receipt.path = "/a/sk-0123456789abcdef0123" } == .requestContent)
        #expect(try await loss { $0.request.headers.append(.init(name: "cookie", value: "a")) } == .requestHeaders)
        #expect(try await loss { $0.rule.headers = [] } == .requestHeaders)
        let coding = CapturedMessage.Header(name: "content-encoding", value: "br")
        #expect(try await loss { $0.request.headers.append(coding) } == .requestContent)
        #expect(
            try await loss {
                $0.rule.keepsRequest = false; $0.rule.keepsResponse = false
            } == [.request, .response]
        )
        // What is taken out of the answer is no matter of the request.
        #expect(try await loss { $0.response.body = Array("password=secret".utf8) } == [])
    }

    @Test func `one that an earlier version stored says nothing of it`() throws {
        var bytes: [UInt8] = []
        CaptureContent(request: CapturedMessage(), response: CapturedMessage(), loss: nil).write(to: &bytes)
        #expect(try CaptureContent(bytes[...]).loss == nil)
        CaptureContent(request: CapturedMessage(), response: CapturedMessage(), loss: [.request]).write(to: &bytes)
        #expect(try CaptureContent(bytes.suffix(bytes.count / 2 + 1)).loss == .request)
    }

    @Test func `no tenant sees, labels or deletes what is another's`() async throws {
        let store = try Self.store()
        try store.append([Self.capture(1, tenant: "other")])
        try await Self.index(store)
        #expect(try await store.list(Self.query()).isEmpty)
        #expect(try await store.list(Self.query { $0.text = "hello" }).isEmpty)
        #expect(try await store.capture(1, tenant: "demo") == nil)
        #expect(try await !store.label(1, tenant: "demo", "x"))
        #expect(try await !store.delete(1, tenant: "demo"))
        #expect(try await store.capture(1, tenant: "other") != nil)
    }

    @Test func `a list is filtered by all that a query says, the newest first`() async throws {
        let store = try Self.store()
        try store.append((1...100).map { Self.capture($0) })
        func numbers(_ change: (inout CaptureQuery) -> Void) async throws -> [Int64] {
            try await store.list(Self.query(change)).map { $0.receipt.promptTokens ?? 0 }
        }
        #expect(try await numbers { $0.count = 3 } == [100, 99, 98])
        #expect(
            try await numbers {
                $0.statuses = 500...599; $0.count = 2
            } == [100, 90]
        )
        #expect(
            try await numbers {
                $0.deployment = "green"; $0.count = 2
            } == [99, 97]
        )
        #expect(try await numbers { $0.slowerThan = 99_000 } == [100, 99])
        #expect(try await numbers { $0.fewestTokens = 100 } == [100])
        #expect(try await numbers { $0.requestID = "request-5" } == [5])
        #expect(try await numbers { $0.since = Self.now + 99 } == [100, 99])
        #expect(try await numbers { $0.until = Self.now + 3 } == [2, 1])
        #expect(try await numbers { $0.endpoint = "other" }.isEmpty)
        #expect(try await numbers { $0.caller = "nobody" }.isEmpty)
        let page = try await store.list(Self.query { $0.count = 10 })
        #expect(
            try await numbers {
                $0.before = page.last?.id; $0.count = 2
            } == [90, 89]
        )
    }

    @Test func `a page as long as may be tells whether there is another`() async throws {
        let store = try Self.store()
        try store.append((1...250).map { Self.capture($0) })
        let longest = CaptureQuery.longestPage
        #expect(try await store.list(Self.query { $0.count = longest + 1 }).count == longest + 1)
    }

    @Test func `what was cut is said to be, with the size of the whole`() async throws {
        let store = try Self.store()
        var capture = Self.capture(1)
        capture.response.isTruncated = true
        try store.append([capture])
        let content = try #require(try await store.capture(1, tenant: "demo")).content
        #expect(content.response.isTruncated && content.response.size == 100_000 && !content.request.isTruncated)
    }

    @Test func `captures behind one come with their contents, the oldest first, page by page`() async throws {
        let store = try Self.store()
        try store.append((1...30).map { Self.capture($0, tenant: $0 == 20 ? "other" : "demo") })
        var found: [Int64] = []
        var query = Self.query {
            $0.count = 7; $0.after = 3
        }
        while true {
            let (captures, hasMore) = try await store.contents(query)
            found += captures.map(\.row.id)
            #expect(captures.allSatisfy { String(decoding: $0.content.request.body, as: UTF8.self).contains("hello") })
            guard hasMore else { break }
            query.after = captures.last?.row.id
        }
        #expect(found == (4...30).filter { $0 != 20 })
        try await Self.index(store)
        let worded = try await store.contents(
            Self.query {
                $0.text = "hello AND 25"; $0.after = 0
            }
        )
        #expect(worded.captures.map(\.row.id) == [25] && !worded.hasMore)
    }

    @Test func `a page of long bodies is shorter, and never empty`() async throws {
        let store = try Self.store()
        try store.append((1...120).map { Self.capture($0, text: String(repeating: "x", count: 64_000)) })
        let (captures, hasMore) = try await store.contents(
            Self.query {
                $0.count = 200; $0.after = 0
            }
        )
        #expect(hasMore && captures.count > 10 && captures.count < 100)
    }

    @Test func `what is next is of all tenants, and what retention took meanwhile is counted`() async throws {
        let store = try Self.store(CaptureRetention(rows: 40))
        #expect(try await store.lastNumber() == 0)
        try store.append((1...3).map { Self.capture($0, tenant: "tenant-\($0)") })
        let (captures, gone) = try await store.next(after: 1, atMost: 10)
        #expect(captures.map(\.row.receipt.tenant) == ["tenant-2", "tenant-3"] && gone == 0)
        for batch in 0..<20 { try store.append((1...5).map { Self.capture(batch * 5 + $0) }) }
        while try store.expire(now: Self.now) {}
        let later = try await store.next(after: 3, atMost: 1)
        let first = try #require(later.captures.first?.row.id)
        #expect(later.gone == first - 4 && later.gone > 0)
        #expect(try await store.lastNumber() == 103)
        #expect(try await store.delete(103, tenant: "demo"))
        #expect(try await store.lastNumber() == 103)
    }

    @Test func `words are found in either body once they are indexed`() async throws {
        let store = try Self.store()
        try store.append((1...50).map { Self.capture($0, text: $0 == 20 ? "needle" : "straw") })
        try await Self.index(store)
        #expect(try await store.list(Self.query { $0.text = "needle" }).map(\.receipt.requestID) == ["request-20"])
        #expect(
            try await store.list(
                Self.query {
                    $0.text = "answer AND straw"; $0.count = 2
                }
            ).count == 2
        )
        #expect(
            try await store.list(Self.query { $0.text = "\"answer 33\"" }).map(\.receipt.requestID) == ["request-33"]
        )
    }

    @Test(arguments: ["\"", "tenant : x) OR (a", "AND", "a) OR tenant : (b"])
    func `a text that is no query is refused, and leads to no other tenant`(text: String) async throws {
        let store = try Self.store()
        try store.append([Self.capture(1, tenant: "other"), Self.capture(2)])
        try await Self.index(store)
        do throws(StoreError) {
            let rows = try await store.list(Self.query { $0.text = text })
            #expect(rows.allSatisfy { $0.receipt.tenant == "demo" })
        } catch {
            guard case .invalid = error else { throw error }
        }
    }

    @Test func `a label stays, and what has it is found by it`() async throws {
        let store = try Self.store()
        try store.append([Self.capture(1), Self.capture(2)])
        #expect(try await store.label(1, tenant: "demo", "bad"))
        #expect(try await store.list(Self.query { $0.label = "bad" }).map(\.id) == [1])
    }

    @Test func `of what was deleted nothing is left in the file, and the others are`() async throws {
        let store = try Self.store()
        let secret = "kryptonite\(UUID().uuidString)"
        try store.append([Self.capture(1), Self.capture(2, text: secret), Self.capture(3)])
        try await Self.index(store)
        #expect(try await store.delete(2, tenant: "demo"))
        #expect(try await store.list(Self.query { $0.text = "\"\(secret)\"" }).isEmpty)
        #expect(try await store.capture(2, tenant: "demo") == nil)
        #expect(try await store.capture(3, tenant: "demo")?.content.request.body == Self.capture(3).request.body)
        let blocks = try await store.pool.read { database in
            try Row.fetchAll(database, sql: "SELECT size, content FROM blocks")
                .map { try Deflate.expand([UInt8]($0["content"] as Data), size: $0["size"]) }
        }
        #expect(blocks.allSatisfy { !String(decoding: $0, as: UTF8.self).contains(secret) })
        // Words lie in the index as they are, without what they begin with like the one before.
        #expect(try Self.files(of: store).allSatisfy { $0.range(of: Data("ryptonite".utf8)) == nil })
    }

    /// What lies on the disk.
    static func files(of store: CaptureStore) throws -> [Data] {
        try ["", "-wal"].map { try Data(contentsOf: URL(fileURLWithPath: store.pool.path + $0)) }
    }

    #if os(Linux)
        @Test func `who waits for a capture to be changed is as urgent as before`() async throws {
            let store = try Self.store()
            let niceness = getpriority(.init(PRIO_PROCESS.rawValue), 0)
            try store.append([Self.capture(1)])
            for _ in 1...20 {
                #expect(try await store.label(1, tenant: "demo", "wrong"))
                // SCHED_OTHER
                #expect(sched_getscheduler(0) == 0 && getpriority(.init(PRIO_PROCESS.rawValue), 0) == niceness)
            }
        }
    #endif

    @Test func `the number before the system's run began is kept while it lasts`() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("boot-\(UUID()).db").path
        let store = try CaptureStore(path: path)
        #expect(store.lastNumberAtBoot == 0)
        try store.append([Self.capture(1), Self.capture(2)])
        #expect(try CaptureStore(path: path).lastNumberAtBoot == (SystemRun.id == nil ? 2 : 0))
        try await store.pool.write { try $0.execute(sql: "UPDATE boots SET id = 'an earlier one'") }
        #expect(try CaptureStore(path: path).lastNumberAtBoot == 2)
    }

    @Test func `what a tenant left is nobody's at once and then erased, its successor's own stays`()
        async throws
    {
        let store = try Self.store()
        let secret = "kryptonite\(UUID().uuidString)"
        let old = (1...120).map { Self.capture($0, text: secret) }
        try store.append(old + [Self.capture(200, tenant: "other"), Self.capture(201)])
        try await Self.index(store)
        try await store.forget("demo", now: Self.now + 200)
        #expect(try await store.list(Self.query()).map(\.receipt.requestID) == ["request-201"])
        #expect(try await store.list(Self.query { $0.text = "\"\(secret)\"" }).isEmpty)
        #expect(try await store.capture(1, tenant: "demo") == nil)
        #expect(try await !store.label(1, tenant: "demo", "x"))
        #expect(try await !store.delete(1, tenant: "demo"))
        // One that was under way when the tenant was deleted.
        try store.append([Self.capture(121)])
        #expect(try await store.list(Self.query()).count == 1)
        var steps = 1
        while try store.eraseGone(now: Self.now) { steps += 1 }
        // The last of them cleans the index.
        #expect(steps == 4)
        #expect(try Self.files(of: store).allSatisfy { $0.range(of: Data("ryptonite".utf8)) == nil })
        let left = try await store.pool.read { try String.fetchAll($0, sql: "SELECT request_id FROM captures") }
        #expect(left.sorted() == ["request-200", "request-201"])
        // For a day more may come; then the name is as any other.
        #expect(try await store.pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM gone") } == 1)
        _ = try store.eraseGone(now: Self.now + 2 * 86_400_000_000)
        #expect(try await store.pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM gone") } == 0)
    }

    @Test func `a batch that the disk has no room for changes nothing, and the next is taken when there is`()
        async throws
    {
        let store = try Self.store()
        try store.append([Self.capture(1)])
        try store.write { database in
            let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            try database.execute(sql: "PRAGMA max_page_count = \(pages + 1)")
        }
        let large = (0..<200).map { Self.capture($0, text: UUID().uuidString + String(repeating: "\($0)", count: 500)) }
        #expect(throws: StoreError.self) { try store.append(large) }
        #expect(try await store.list(Self.query()).count == 1)
        try store.write { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
        try store.append(large)
        #expect(try await store.list(Self.query { $0.count = 200 }).count == 200)
    }
}
