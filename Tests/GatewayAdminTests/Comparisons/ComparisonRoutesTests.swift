import Foundation
import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Testing

@testable import GatewayAdmin

/// Replays and comparisons through the admin API, with a sender that answers as a test tells it.
@Suite(.serialized, .timeLimit(.minutes(1))) struct ComparisonRoutesTests {
    private static let path = "/api/v1/tenants/demo/comparisons"
    private static let both = "Bearer eyJ.both"
    private static let reviewer = "Bearer eyJ.reviewer"

    private func withComparisons(
        _ captures: [Capture],
        replay: @escaping @Sendable (ReplayedRequest) async -> ReplayOutcome = { Self.answer($0, "cat") },
        _ body: @escaping @Sendable (AdminTestClient) async throws -> Void
    ) async throws {
        let fixture = try await AdminFixture(replay: replay) { text in
            VerifiedToken(issuer: .builtIn(tenant: "demo"), subject: text, expiresAt: 4_000_000_000)
        }
        let plane = fixture.controlPlane
        try plane.captures.append(captures)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await plane.comparisons.run() }
            try await fixture.withClient { client in
                try await client.prepare()
                for (name, role, subject) in [
                    ("a", "reviewer", "eyJ.both"), ("b", "deployer", "eyJ.both"), ("c", "reviewer", "eyJ.reviewer"),
                    ("d", "deployer", "eyJ.deployer"),
                ] {
                    let role = #"{"role":"\#(role)","subject":"\#(subject)","issuer":"built-in"}"#
                    let answer = try await client.send(.put, "/api/v1/tenants/demo/roles/role-\(name)", role)
                    #expect(answer.status == 201)
                }
                try await body(client)
            }
            group.cancelAll()
        }
    }

    private static func message(_ body: String) -> CapturedMessage {
        let headers = [CapturedMessage.Header(name: "content-type", value: "application/json")]
        return CapturedMessage(headers: headers, body: Array(body.utf8), size: Int64(body.utf8.count))
    }

    private static func capture(_ number: Int, label: String = "cat", mirrorOf: String = "") -> Capture {
        var receipt = Receipt(requestID: "r-\(number)", startedAt: 1_800_000_000_000_000 + Int64(number))
        receipt.tenant = "demo"
        receipt.endpoint = "chat"
        receipt.deployment = mirrorOf.isEmpty ? "green" : "blue"
        receipt.mirrorOf = mirrorOf
        receipt.method = "POST"
        receipt.path = "/demo/chat/score"
        receipt.status = mirrorOf.isEmpty ? 200 : 0
        receipt.upstreamStatus = 200
        receipt.outcome = .completed
        receipt.durationMicroseconds = 10_000
        return Capture(
            receipt: receipt,
            rule: CaptureRule(),
            request: message(#"{"n":\#(number)}"#),
            response: message(#"{"id":"\#(number)","label":"\#(label)"}"#)
        )
    }

    @Sendable private static func answer(_ request: ReplayedRequest, _ label: String) -> ReplayOutcome {
        var receipt = request.receipt
        receipt.deployment = request.deployment
        let answer = message(#"{"id":"x","label":"\#(label)","password":"hunter2"}"#)
        return .answered(Capture(receipt: receipt, rule: CaptureRule(), response: answer))
    }

    private static func end(of id: String, _ client: AdminTestClient) async throws -> ComparisonResource {
        while true {
            let found = try await client.send(.get, "\(path)/\(id)", authorization: reviewer)
                .decode(ComparisonResource.self)
            if found.isOver { return found }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private static func begin(
        _ kind: String,
        _ body: String,
        _ client: AdminTestClient,
        as authorization: String = both
    ) async throws -> TestAnswer {
        try await client.send(.post, "/api/v1/tenants/demo/\(kind)", body, authorization: authorization)
    }

    private static func run(
        _ kind: String,
        _ body: String,
        _ client: AdminTestClient
    ) async throws -> ComparisonResource {
        let begun = try await begin(kind, body, client)
        #expect(begun.status == 201, "\(begun.text)")
        return try await end(of: begun.decode(ComparisonResource.self).id, client)
    }

    @Test func `who replays both reviews and may change deployments`() async throws {
        try await withComparisons([]) { client in
            for (holder, isEnough) in [
                (Self.both, true), (Self.reviewer, false), ("Bearer eyJ.deployer", false),
                ("Bearer \(AdminFixture.token)", false),
            ] {
                let body = #"{"endpoint":"chat","to":"blue"}"#
                let answer = try await Self.begin("replays", body, client, as: holder)
                #expect(answer.status == (isEnough ? 201 : 403), "\(holder): \(answer.text)")
            }
            let log = try await client.get(ResourceList<AuditEntryResource>.self, "/api/v1/audit?limit=1").value
            #expect(log.first?.kind == "replay" && log.first?.resource == "demo/chat/blue")
            #expect(log.first?.operator == "token:built-in/eyJ.both")
        }
    }

    @Test func `wrong answers are reported with their field, redacted as captures are`() async throws {
        let captures = (0..<50).map { Self.capture($0) }
        try await withComparisons(captures) { request in
            let number = Int(request.receipt.requestID.dropFirst(2)) ?? 0
            return Self.answer(request, number < 5 ? "dog" : "cat")
        } _: { client in
            let body = #"{"endpoint":"chat","to":"blue","ignore":["password"]}"#
            let comparison = try await Self.run("replays", body, client)
            let report = try #require(comparison.report)
            #expect(comparison.state == "finished" && comparison.found == 50 && comparison.done == 50)
            #expect(report.verdict == "differs" && report.agreed == 45)
            #expect(report.regressions == ["10.0 % of answers differ: field `.label` in 5 of 50"])
            let values = report.examples.first?.differences.map { [$0.one, $0.other] }
            #expect(values == [["cat", "dog"]])
            #expect(report.allPairs.count == 50 && report.allPairs.filter(\.agrees).count == 45)
            #expect(report.allPairs.map(\.capture) == report.allPairs.map(\.capture).sorted())
            #expect(report.allPairs.allSatisfy { $0.one.status == 200 && $0.other.status == 200 && $0.one.bytes > 0 })
            let everything = try await Self.run("replays", #"{"endpoint":"chat","to":"blue"}"#, client)
            let shown = String(decoding: try JSONEncoder().encode(everything), as: UTF8.self)
            #expect(shown.contains("[field]") && !shown.contains("hunter2"))
            let list = try await client.send(.get, Self.path, authorization: Self.reviewer)
                .decode(ResourceList<ComparisonResource>.self).value
            #expect(list.map(\.id) == ["2", "1"] && list.allSatisfy { $0.report == nil })
            let sum = ComparisonResource.Sum(
                verdict: "differs",
                pairs: 50,
                agreed: 45,
                agreement: 0.9,
                similarity: report.similarity
            )
            #expect(list.last?.sum == sum && comparison.sum == sum)
            #expect(try await client.send(.delete, "\(Self.path)/1", authorization: Self.reviewer).status == 204)
            #expect(try await client.send(.get, "\(Self.path)/1", authorization: Self.reviewer).status == 404)
            _ = try await client.send(.delete, "/api/v1/tenants/demo")
            try await client.prepare()
            let role = #"{"role":"reviewer","subject":"eyJ.reviewer","issuer":"built-in"}"#
            _ = try await client.send(.put, "/api/v1/tenants/demo/roles/reviewers", role)
            #expect(try await client.send(.get, "\(Self.path)/2", authorization: Self.reviewer).status == 404)
        }
    }

    @Test func `what cannot be sent as it was is left out, and counted by the reason`() async throws {
        var captures = (0..<6).map { Self.capture($0) }
        captures[0].request.isTruncated = true
        captures[1].request.body = Array(#"{"api_key":"x"}"#.utf8)
        captures[2].rule.keepsRequest = false
        captures[3].receipt.outcome = .cancelled
        captures[4].request.headers.append(.init(name: "cookie", value: "a"))
        captures.append(Self.capture(7, mirrorOf: "green"))
        try await withComparisons(captures) { client in
            let comparison = try await Self.run("replays", #"{"endpoint":"chat","to":"blue","limit":10000}"#, client)
            #expect(comparison.found == 6 && comparison.report?.pairs == 2)
            #expect(Set(comparison.skipped.map(\.count)) == [1] && comparison.skipped.count == 4)
            let notes = comparison.report?.notes ?? []
            #expect(notes.contains { $0.hasPrefix("1 requests were sent without headers") }, "\(notes)")
        }
    }

    @Test func `only the newest that were asked for are sent, in the order in which they came`() async throws {
        let (sent, told) = AsyncStream.makeStream(of: String.self)
        try await withComparisons((0..<300).map { Self.capture($0) }) { request in
            told.yield(request.receipt.requestID)
            return Self.answer(request, "cat")
        } _: { client in
            let body = #"{"endpoint":"chat","to":"blue","limit":250,"concurrency":1}"#
            let report = try await Self.run("replays", body, client).report
            #expect(report?.pairs == 250)
            told.finish()
        }
        var order: [String] = []
        for await request in sent { order.append(request) }
        #expect(order == (50..<300).map { "r-\($0)" })
    }

    @Test(arguments: ["replays", "comparisons"])
    func `where nothing was found nothing was compared, and no agreement is claimed`(kind: String) async throws {
        try await withComparisons([]) { client in
            let comparison = try await Self.run(kind, #"{"endpoint":"chat","to":"blue"}"#, client)
            #expect(comparison.state == "finished" && comparison.found == 0)
            let report = try #require(comparison.report)
            #expect(report.verdict == "nothing_compared" && report.pairs == 0)
            #expect(report.agreement == nil && report.similarity == nil)
            #expect(report.latency == nil && report.length == nil)
        }
    }

    @Test func `one that is cancelled reports what was done, and the next may begin`() async throws {
        try await withComparisons((0..<40).map { Self.capture($0) }) { request in
            if request.receipt.requestID != "r-0" { try? await Task.sleep(for: .seconds(60)) }
            return Task.isCancelled ? .ended("it was stopped") : Self.answer(request, "cat")
        } _: { client in
            let body = #"{"endpoint":"chat","to":"blue","concurrency":2}"#
            let begun = try await Self.begin("replays", body, client).decode(ComparisonResource.self)
            #expect(try await Self.begin("replays", body, client).status == 409)
            while try await client.send(.get, "\(Self.path)/1", authorization: Self.both)
                .decode(ComparisonResource.self).done == 0
            {
                try await Task.sleep(for: .milliseconds(5))
            }
            let cancel = "\(Self.path)/\(begun.id)/cancel"
            #expect(try await client.send(.post, cancel, authorization: Self.reviewer).status == 202)
            let over = try await Self.end(of: begun.id, client)
            #expect(over.state == "cancelled" && over.report?.pairs == 1)
            #expect(try await client.send(.post, cancel, authorization: Self.reviewer).status == 409)
            #expect(try await Self.begin("comparisons", #"{"endpoint":"chat","to":"blue"}"#, client).status == 201)
        }
    }

    @Test func `a deployment that takes nothing ends the replay with the reason`() async throws {
        try await withComparisons((0..<40).map { Self.capture($0) }) { _ in
            .ended("no instance of the deployment blue takes requests")
        } _: { client in
            let comparison = try await Self.run("replays", #"{"endpoint":"chat","to":"blue"}"#, client)
            #expect(comparison.state == "failed" && comparison.error?.hasPrefix("no instance") == true)
        }
    }

    @Test func `mirrored pairs are compared as replayed ones are`() async throws {
        var captures: [Capture] = []
        for number in 0..<100 {
            captures += [
                Self.capture(number), Self.capture(number, label: number < 10 ? "dog" : "cat", mirrorOf: "green"),
            ]
        }
        captures.append(Self.capture(100, mirrorOf: "green"))
        try await withComparisons(captures) { client in
            let comparison = try await Self.run("comparisons", #"{"endpoint":"chat","to":"blue"}"#, client)
            #expect(comparison.kind == "mirror" && comparison.found == 101)
            #expect(comparison.skipped == [.init(reason: "the caller's half is not captured", count: 1)])
            #expect(comparison.report?.regressions == ["10.0 % of answers differ: field `.label` in 10 of 100"])
            let number = try #require(comparison.report?.examples.first?.capture)
            let shown = try await client.send(
                .get,
                "/api/v1/tenants/demo/captures/\(number)",
                authorization: Self.reviewer
            ).decode(CapturedExchangeResource.self)
            #expect(shown.comparisons.map(\.agrees) == [false] && shown.comparisons.first?.capture == number)
            #expect(shown.comparisons.first?.differences == [.init(field: ".label", one: "cat", other: "dog")])
        }
    }

    @Test(arguments: [
        ("replays", #"{"endpoint":"chat","to":"red"}"#, 404), ("replays", #"{"endpoint":"no","to":"blue"}"#, 404),
        ("replays", #"{"endpoint":"chat"}"#, 400), ("replays", #"{"endpoint":"chat","to":"blue","speed":"2x"}"#, 400),
        ("replays", #"{"endpoint":"chat","to":"blue","concurrency":65}"#, 400),
        ("replays", #"{"endpoint":"chat","to":"blue","limit":0}"#, 400),
        ("replays", #"{"endpoint":"chat","to":"blue","similarity":2}"#, 400),
        ("replays", #"{"endpoint":"chat","to":"blue","since":"yesterday"}"#, 400),
        ("replays", #"{"endpoint":"chat","to":"blue","text":"\"open"}"#, 400),
        ("replays", #"{"endpoint":"chat","to":"blue","text":" "}"#, 400),
        ("replays", #"{"endpoint":"chat","to":"blue","unknown":1}"#, 400),
        ("comparisons", #"{"endpoint":"chat","to":"blue","speed":"max"}"#, 400),
        ("comparisons", #"{"endpoint":"chat","to":"blue","deployment":"green"}"#, 400),
    ])
    func `a request with a fault is refused with what is wrong`(kind: String, body: String, status: Int) async throws {
        try await withComparisons([Self.capture(1)]) { client in
            let answer = try await Self.begin(kind, body, client)
            #expect(answer.status == status, "\(answer.text)")
        }
    }
}
