import Foundation
import GatewayAPI
import Testing

@testable import Llama

private let modelPath = ProcessInfo.processInfo.environment["GATEHOUSE_TEST_MODEL"]

/// Several tenants' requests at one engine, with the real model where one is given.
@Suite(.serialized, .enabled(if: modelPath != nil, "GATEHOUSE_TEST_MODEL names a GGUF file"), .timeLimit(.minutes(5)))
struct EngineSharingTests {
    private func options(slots: Int, context: Int = 512, queue: Int = 8) -> EngineOptions {
        EngineOptions(modelPath: modelPath ?? "", slots: slots, context: context, queue: queue)
    }

    /// A request's events as they come; greedy.
    private func ask(
        _ engine: Engine,
        _ prompt: String,
        maxTokens: Int,
        _ terms: WorkTerms = WorkTerms()
    ) throws -> (ticket: Ticket, events: AsyncStream<WorkEvent>) {
        var parameters = GenerationParameters()
        parameters.temperature = 0
        parameters.maxTokens = maxTokens
        let (events, continuation) = AsyncStream.makeStream(of: WorkEvent.self)
        let ticket = try engine.submit(
            Work(.chat([ChatMessage(.user, prompt)]), parameters, terms) { event in
                continuation.yield(event)
                switch event {
                case .finished, .failed: continuation.finish()
                case .started, .text, .logprobs, .vectors: break
                }
            }
        )
        return (ticket, events)
    }

    private func all(_ events: AsyncStream<WorkEvent>) async -> [WorkEvent] {
        var all: [WorkEvent] = []
        for await event in events { all.append(event) }
        return all
    }

    private func text(_ events: AsyncStream<WorkEvent>) async -> String {
        await events.reduce(into: "") { if case .text(let text) = $1 { $0 += text } }
    }

    /// The whole answer: its text and what it used.
    private func answer(
        _ engine: Engine,
        _ prompt: String,
        maxTokens: Int,
        of tenant: String = "a"
    ) async throws -> (text: String, usage: Usage?) {
        let request = try ask(engine, prompt, maxTokens: maxTokens, WorkTerms(tenant: tenant))
        let events = await all(request.events)
        var text = ""
        for event in events {
            if case .text(let more) = event { text += more }
        }
        guard case .finished(_, let usage) = events.last else { return (text, nil) }
        return (text, usage)
    }

    private let story = String(repeating: "The fox ran over the hill and sat down by the river. ", count: 12)

    @Test func `a prompt that begins like the last one is not computed again, and is answered alike`() async throws {
        let (first, second) = (story + "Where did the fox sit?", story + "Who ran over the hill?")
        let cold = try await Engine.start(options(slots: 2))
        let expected = try await answer(cold, second, maxTokens: 24).text
        let engine = try await Engine.start(options(slots: 2))
        let before = try await answer(engine, first, maxTokens: 24)
        let after = try await answer(engine, second, maxTokens: 24)
        #expect(after.text == expected)
        #expect(before.usage?.promptDetails.cachedTokens == 0)
        #expect(try #require(after.usage).promptDetails.cachedTokens > 120)
        #expect(engine.counters.prefixHits == 1)
        #expect(engine.counters.prefixTokens == after.usage?.promptDetails.cachedTokens)
    }

    @Test func `what one tenant has asked is computed anew for another`() async throws {
        let engine = try await Engine.start(options(slots: 1))
        let first = try await answer(engine, story, maxTokens: 8, of: "a")
        let other = try await answer(engine, story, maxTokens: 8, of: "b")
        let again = try await answer(engine, story, maxTokens: 8, of: "b")
        #expect(other.usage?.promptDetails.cachedTokens == 0)
        #expect(try #require(again.usage).promptDetails.cachedTokens > 100)
        #expect(first.text == other.text && other.text == again.text)
    }

    @Test func `a request beside another one begins with a copy of what they share`() async throws {
        let engine = try await Engine.start(options(slots: 2))
        let expected = try await answer(engine, story + "Say it again.", maxTokens: 16, of: "alone").text
        let running = try ask(engine, story + "Go on.", maxTokens: 200, WorkTerms(tenant: "a"))
        var events = running.events.makeAsyncIterator()
        // Its slot, and the first piece of its answer.
        _ = await events.next()
        _ = await events.next()
        let beside = try await answer(engine, story + "Say it again.", maxTokens: 16)
        engine.cancel(running.ticket)
        #expect(try #require(beside.usage).promptDetails.cachedTokens > 100)
        #expect(beside.text == expected)
    }

    @Test func `a talk goes on from what is kept of it`() async throws {
        let engine = try await Engine.start(options(slots: 2))
        let first = try await answer(engine, story, maxTokens: 40)
        var parameters = GenerationParameters()
        (parameters.temperature, parameters.maxTokens) = (0, 8)
        let (events, continuation) = AsyncStream.makeStream(of: WorkEvent.self)
        let talk = [
            ChatMessage(.user, story), ChatMessage(.assistant, first.text), ChatMessage(.user, "And?"),
        ]
        _ = try engine.submit(
            Work(.chat(talk), parameters, WorkTerms(tenant: "a")) { event in
                continuation.yield(event)
                if case .finished = event { continuation.finish() }
            }
        )
        guard case .finished(_, let usage) = await events.reduce(nil as WorkEvent?, { $1 }) else { return }
        #expect(usage.promptDetails.cachedTokens >= 128)
    }

    @Test func `a request whose time is over while it waits is refused and not computed`() async throws {
        let engine = try await Engine.start(options(slots: 1))
        let long = try ask(engine, "Write a very long story.", maxTokens: 400)
        // What has a deadline would be seated first.
        #expect(await long.events.first { $0 == .started } == .started)
        let terms = WorkTerms(deadline: .now + .milliseconds(50))
        let late = try ask(engine, "What is 2+2?", maxTokens: 3, terms)
        let events = await all(late.events)
        #expect(events == [.failed(.overdue)])
        #expect(engine.counters.overdue == 1)
        engine.cancel(long.ticket)
    }

    @Test func `beside a tenant that fills the queue another's request gets the next slot`() async throws {
        let engine = try await Engine.start(options(slots: 1, queue: 8))
        var flood: [(ticket: Ticket, events: AsyncStream<WorkEvent>)] = []
        for _ in 0..<9 { flood.append(try ask(engine, story, maxTokens: 30, WorkTerms(tenant: "a"))) }
        let single = try ask(engine, "What is 2+2?", maxTokens: 3, WorkTerms(tenant: "b"))
        #expect(await !text(single.events).isEmpty)
        // The first was under way; of those that waited none was before, and the last gave its place.
        let counters = engine.counters
        #expect(counters.active + counters.waiting >= 7)
        let events = await all(flood[8].events)
        #expect(events == [.failed(.busy(slots: 1, queue: 8))])
        for request in flood { engine.cancel(request.ticket) }
    }

    @Test func `hundreds of requests, most of them cancelled at some moment, leave nothing behind`() async throws {
        let engine = try await Engine.start(options(slots: 4, context: 256, queue: 64))
        var numbers = SystemRandomNumberGenerator()
        for round in 0..<15 {
            var requests: [(ticket: Ticket, events: AsyncStream<WorkEvent>)] = []
            for index in 0..<20 {
                let terms = WorkTerms(tenant: "tenant \(index % 3)")
                requests.append(try ask(engine, "Story \(round % 3) \(index).", maxTokens: 6, terms))
            }
            for request in requests where Bool.random(using: &numbers) {
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...8, using: &numbers)))
                engine.cancel(request.ticket)
            }
            while engine.counters.active + engine.counters.waiting > 0 {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        try await Task.sleep(for: .milliseconds(50))
        let counters = engine.counters
        #expect(counters.active == 0 && counters.waiting == 0)
        #expect(counters.cellsUsed == counters.cellsKept)
        #expect(counters.cellsKept <= counters.cells)
        #expect(try await answer(engine, "What is 2+2?", maxTokens: 3).usage?.completionTokens == 3)
    }

    @Test func `a context that the machine's memory does not hold is refused with the numbers`() async throws {
        var options = options(slots: 64)
        options.context = 4_000_000
        let failure = await #expect(throws: EngineFailure.self) { _ = try await Engine.start(options) }
        guard case .noMemory(let needed, let free, 64, 4_000_000) = failure else {
            Issue.record("failed with \(String(describing: failure))")
            return
        }
        // 30 layers, 3 heads of 64 for keys and values each, 2 bytes a number.
        let perToken: Int = 30 * 3 * 128 * 2
        let all: Int = 64 * 4_000_000 * perToken
        #expect(needed == all)
        #expect(free > 0)
    }
}
