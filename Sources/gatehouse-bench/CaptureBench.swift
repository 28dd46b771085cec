import Foundation
import GatewayCore
import GatewayStore

/// What captures cost behind the event loops, how fast they are found, and whether their file stays under its cap.
struct CaptureBench {
    /// Microseconds of CPU for one exchange with 2 KB each way: redacted, compressed, stored and indexed.
    private static let mostPerExchange = 250.0
    private static let mostForPage = 200.0
    private static let mostForText = 1000.0
    /// As the gateway's own queue hands them over.
    private static let batch = CaptureQueue().batchSize
    private static let day = Int64(1_700_000_000_000_000)

    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("captures-\(UUID().uuidString)")
    private var hasPassed = true

    /// - Returns: whether all bounds held.
    static func run(count: Int) async throws -> Bool {
        var bench = CaptureBench()
        defer { try? FileManager.default.removeItem(at: bench.folder) }
        try await bench.find(count: count)
        try await bench.keepUnderCap()
        return bench.hasPassed
    }

    private mutating func tell(_ what: String, _ value: Double, _ unit: String, most: Double) {
        let isWithin = value <= most
        hasPassed = hasPassed && isWithin
        print("\(what)\t\((value * 10).rounded() / 10) \(unit) (\(most))\t\(isWithin ? "ok" : "OVER")")
    }

    /// Stores many captures, then asks for them as reviewers do.
    private mutating func find(count: Int) async throws {
        let retention = CaptureRetention(days: 36_500, rows: .max, bytes: 1 << 40)
        let store = try CaptureStore(path: folder.appendingPathComponent("find.db").path, retention: retention)
        let start = Measurement.processorTime(CLOCK_PROCESS_CPUTIME_ID)
        var making = 0
        for first in stride(from: 0, to: count, by: Self.batch) {
            let before = Measurement.processorTime(CLOCK_PROCESS_CPUTIME_ID)
            let captures = (first..<min(count, first + Self.batch)).map {
                Self.capture($0, at: Self.day + Int64($0) * 1000)
            }
            making += Measurement.processorTime(CLOCK_PROCESS_CPUTIME_ID) - before
            try store.append(captures)
        }
        while try store.indexNext() {}
        let spent = Double(Measurement.processorTime(CLOCK_PROCESS_CPUTIME_ID) - start - making) / 1000
        tell("an exchange, of \(count)", spent / Double(count), "us", most: Self.mostPerExchange)
        let queries: [(String, (inout CaptureQuery) -> Void)] = [
            ("the newest page", { _ in }), ("a page of a deployment", { $0.deployment = "green" }),
            ("the newest errors", { $0.statuses = 500...599 }), ("the slowest", { $0.slowerThan = 999_000_000 }),
            ("of a caller who never came", { $0.caller = "nobody" }),
            ("with more tokens than any has", { $0.fewestTokens = 1_000_000 }),
        ]
        for (name, change) in queries { tell(name, try await Self.time(store, change), "ms", most: Self.mostForPage) }
        for (name, text) in [
            ("a rare word", "needle\(count / 3)"), ("a word of all", "assistant"), ("a phrase", "\"weather in city\""),
            ("two words", "needle\(count / 2) AND assistant"), ("a word that is nowhere", "ornithopter"),
        ] {
            tell(name, try await Self.time(store) { $0.text = text }, "ms", most: Self.mostForText)
        }
    }

    /// The median of five.
    private static func time(_ store: CaptureStore, _ change: (inout CaptureQuery) -> Void) async throws -> Double {
        var query = CaptureQuery(tenant: "demo")
        change(&query)
        var times: [Double] = []
        for _ in 0..<5 {
            let start = ContinuousClock.now
            _ = try await store.list(query)
            times.append((ContinuousClock.now - start) / .milliseconds(1))
        }
        return times.sorted()[2]
    }

    /// An hour of 1,000 captures a second, under a cap that it would pass many times.
    private mutating func keepUnderCap() async throws {
        let cap = Int64(256 << 20)
        let path = folder.appendingPathComponent("cap.db").path
        let store = try CaptureStore(path: path, retention: CaptureRetention(rows: .max, bytes: cap))
        var largest: Int64 = 0
        for second in 0..<3600 {
            let now = Self.day + Int64(second) * 1_000_000
            for first in stride(from: second * 1000, to: (second + 1) * 1000, by: Self.batch) {
                try store.append((first..<first + Self.batch).map { Self.capture($0, at: now) })
                largest = max(largest, Self.size(path))
            }
            while try store.expire(now: now) {}
            // As many as there is time for, in a second of that hour.
            for _ in 0..<5 where try store.indexNext() {}
            largest = max(largest, Self.size(path))
        }
        tell("the file's largest size, of MiB", Double(largest) / 1_048_576, "MiB", most: Double(cap) / 1_048_576)
        let newest = try await store.list(CaptureQuery(tenant: "demo", count: 1)).first?.receipt.requestID
        if newest != "request-3599999" {
            print("the newest capture is \(newest ?? "none")\tOVER")
            hasPassed = false
        }
    }

    /// Of the file and its log.
    private static func size(_ path: String) -> Int64 {
        ["", "-wal", "-shm"].reduce(0) { sum, suffix in
            let attributes = try? FileManager.default.attributesOfItem(atPath: path + suffix)
            return sum + ((attributes?[.size] as? Int64) ?? 0)
        }
    }

    private static func capture(_ number: Int, at time: Int64) -> Capture {
        var receipt = Receipt(requestID: "request-\(number)", startedAt: time)
        receipt.tenant = "demo"
        receipt.endpoint = number.isMultiple(of: 3) ? "search" : "chat"
        receipt.deployment = number.isMultiple(of: 10) ? "green" : "blue"
        receipt.instance = "http://127.0.0.1:9000"
        receipt.caller = "demo/chat#primary"
        receipt.method = "POST"
        receipt.path = "/v1/chat/completions"
        receipt.status = number.isMultiple(of: 100_000) ? 500 : 200
        receipt.outcome = .completed
        receipt.promptTokens = Int64(number % 2000)
        receipt.completionTokens = Int64(number % 300)
        receipt.durationMicroseconds = Int64(number % 3_000_000)
        let rule = CaptureRule(redaction: RedactionRule(paths: ["messages[*].name"], patterns: [.email]))
        let headers = ["content-type", "user-agent", "x-team", "accept"].map {
            CapturedMessage.Header(
                name: $0,
                value: $0 == "content-type" ? "application/json" : "a value \(number % 50)"
            )
        }
        return Capture(
            receipt: receipt,
            rule: rule,
            request: message(headers, "user", number),
            response: message(headers, "assistant", number)
        )
    }

    /// About 2 KB, with words of its own.
    private static func message(_ headers: [CapturedMessage.Header], _ role: String, _ number: Int) -> CapturedMessage {
        var text = ""
        for sentence in 0..<24 {
            text +=
                "The weather in city \((number &* 31 &+ sentence &* 17) % 5000) is \(words[(number &+ sentence) % words.count])"
            text += " for the next \((number / 7 + sentence) % 90) days. "
        }
        let body = Array(#"{"role":"\#(role)","name":"needle\#(number)","content":"\#(text)"}"#.utf8)
        return CapturedMessage(
            headers: headers,
            body: body,
            size: Int64(body.count),
            pieces: [.init(offset: 0, microseconds: 1000)]
        )
    }

    private static let words = [
        "sunny", "cloudy", "rainy", "windy", "foggy", "stormy", "mild", "freezing", "humid", "dry", "unsettled", "hazy",
    ]
}
