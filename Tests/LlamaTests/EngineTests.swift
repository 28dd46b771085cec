import Foundation
import GatewayAPI
import Synchronization
import Testing

@testable import Llama

private let modelPath = ProcessInfo.processInfo.environment["GATEHOUSE_TEST_MODEL"]

/// With the real model, where one is given; one at a time, since each wants the processor for itself.
@Suite(.serialized, .enabled(if: modelPath != nil, "GATEHOUSE_TEST_MODEL names a GGUF file"), .timeLimit(.minutes(5)))
struct EngineTests {
    private func options(slots: Int, context: Int = 512, queue: Int = 8) -> EngineOptions {
        EngineOptions(modelPath: modelPath ?? "", slots: slots, context: context, queue: queue)
    }

    /// A request's events as they come.
    private func ask(
        _ engine: Engine,
        _ prompt: String,
        maxTokens: Int,
        _ change: (inout GenerationParameters) -> Void = { _ in }
    ) throws -> (ticket: Ticket, events: AsyncStream<WorkEvent>) {
        var parameters = GenerationParameters()
        parameters.temperature = 0
        parameters.maxTokens = maxTokens
        change(&parameters)
        let (events, continuation) = AsyncStream.makeStream(of: WorkEvent.self)
        let ticket = try engine.submit(
            Work(.chat([ChatMessage(.user, prompt)]), parameters) { event in
                continuation.yield(event)
                switch event {
                case .finished, .failed: continuation.finish()
                case .started, .logprobs, .text, .vectors: break
                }
            }
        )
        return (ticket, events)
    }

    private func text(_ events: AsyncStream<WorkEvent>) async -> String {
        await events.reduce(into: "") { if case .text(let text) = $1 { $0 += text } }
    }

    private static let prompts = [
        "What is 2+2?", "Name three facts about the Moon.", "Who wrote Faust?", "Say hello in French.",
        "What is the capital of Peru?", "Write a line about rain.", "How do magnets work?", "Count from one to ten.",
        "What colours has the flag of Italy?", "Explain photosynthesis in one sentence.", "Why is the sky blue?",
        "Give me a name for a cat.", "What is the boiling point of water?", "List four prime numbers.",
        "Describe a lighthouse.", "What does a blacksmith do?", "Translate 'good night' into Spanish.",
        "What is a haiku?", "How many days has a leap year?", "Tell me a joke about bread.",
    ]

    @Test func `greedy answers are those of the engine used directly, alone and in a full batch`() async throws {
        let (count, context) = (Self.prompts.count, 128)
        let direct = try Self.prompts.map {
            try Reference.answer($0, maxTokens: 40, options(slots: 1, context: context))
        }
        let engine = try await Engine.start(options(slots: count, context: context))
        for (prompt, direct) in zip(Self.prompts, direct) {
            #expect(try await text(ask(engine, prompt, maxTokens: 40).events) == direct, "\(prompt), alone")
        }
        let together = try Self.prompts.map { try ask(engine, $0, maxTokens: 40).events }
        for (index, events) in together.enumerated() {
            #expect(await text(events) == direct[index], "\(Self.prompts[index]), in a full batch")
        }
    }

    @Test func `an engine whose thread hangs says so, and no longer once it goes on`() async throws {
        var options = options(slots: 1)
        options.stepLimit = .milliseconds(500)
        let engine = try await Engine.start(options)
        // The first step has longer.
        _ = try await text(ask(engine, "What is 2+2?", maxTokens: 2).events)
        #expect(engine.fault == nil)
        let gate = DispatchSemaphore(value: 0)
        var parameters = GenerationParameters()
        parameters.maxTokens = 2
        let work = Work(.chat([ChatMessage(.user, "Hi")]), parameters) { if case .text = $0 { gate.wait() } }
        _ = try engine.submit(work)
        while engine.fault == nil { try await Task.sleep(for: .milliseconds(10)) }
        #expect(engine.fault?.hasPrefix("one step of its engine has taken") == true)
        for _ in 0..<8 { gate.signal() }
        while engine.fault != nil { try await Task.sleep(for: .milliseconds(10)) }
        _ = try await text(ask(engine, "What is 2+2?", maxTokens: 2).events)
    }

    @Test func `eight requests together take fewer than half the steps of eight in turn`() async throws {
        let engine = try await Engine.start(options(slots: 8))
        for number in 0..<8 { _ = try await text(ask(engine, "Tell story \(number).", maxTokens: 24).events) }
        let inTurn = engine.counters.steps
        let together = try (0..<8).map { try ask(engine, "Tell story \($0).", maxTokens: 24).events }
        for events in together { _ = await text(events) }
        #expect((engine.counters.steps - inTurn) * 2 < inTurn)
    }

    @Test func `the tokens of two answers come in turns`() async throws {
        let engine = try await Engine.start(options(slots: 2))
        let (order, continuation) = AsyncStream.makeStream(of: Int?.self)
        var parameters = GenerationParameters()
        parameters.temperature = 0
        parameters.maxTokens = 20
        for number in 0..<2 {
            _ = try engine.submit(
                Work(.chat([ChatMessage(.user, "Tell story \(number).")]), parameters) { event in
                    if case .text = event { continuation.yield(number) }
                    if case .finished = event { continuation.yield(nil) }
                }
            )
        }
        var numbers: [Int] = []
        var finished = 0
        for await number in order {
            if let number { numbers.append(number) } else { finished += 1 }
            if finished == 2 { break }
        }
        #expect(zip(numbers, numbers.dropFirst()).count { $0 != $1 } > 10)
    }

    @Test func `a cancelled request frees its slot for the one that waits`() async throws {
        let engine = try await Engine.start(options(slots: 1))
        let long = try ask(engine, "Write a very long story.", maxTokens: 400)
        var events = long.events.makeAsyncIterator()
        _ = await events.next()
        let next = try ask(engine, "What is 2+2?", maxTokens: 3)
        let before = engine.counters.steps
        engine.cancel(long.ticket)
        #expect(await !text(next.events).isEmpty)
        // One step may have been under way and another begun; the next needs one for its prompt and one per token.
        #expect(engine.counters.steps - before <= 6)
    }

    @Test func `a cancelled request is in no further step, and the one that waits is in the next`() async throws {
        let engine = try await Engine.start(options(slots: 1))
        let (order, continuation) = AsyncStream.makeStream(of: (name: String, steps: Int).self)
        let isNextIn = Atomic(false)
        var parameters = GenerationParameters()
        (parameters.temperature, parameters.maxTokens) = (0, 400)
        let own = Mutex<Ticket?>(nil)
        let long = try engine.submit(
            Work(.chat([ChatMessage(.user, "Write a very long story.")]), parameters) { event in
                guard case .text = event, isNextIn.load(ordering: .relaxed), let ticket = own.withLock(\.self) else {
                    return
                }
                // On the engine's thread, between two steps.
                continuation.yield(("long", engine.counters.steps))
                engine.cancel(ticket)
            }
        )
        own.withLock { $0 = long }
        parameters.maxTokens = 1
        _ = try engine.submit(
            Work(.chat([ChatMessage(.user, "What is 2+2?")]), parameters) { event in
                if event == .started { continuation.yield(("next", engine.counters.steps)) }
                if case .finished = event { continuation.finish() }
            }
        )
        isNextIn.store(true, ordering: .relaxed)
        let events = await order.reduce(into: [(name: String, steps: Int)]()) { $0.append($1) }
        #expect(events.map(\.name) == ["long", "next"])
        // The step in which it was cancelled is counted when its tokens are handed out.
        #expect(events.last?.steps == events.first.map { $0.steps + 1 })
    }

    @Test func `the same seed gives the same answer and another seed another`() async throws {
        let engine = try await Engine.start(options(slots: 1))
        func answer(seed: Int) async throws -> String {
            let request = try ask(engine, "Tell me a story.", maxTokens: 24) {
                $0.temperature = 1
                $0.seed = seed
            }
            return await text(request.events)
        }
        let first = try await answer(seed: 7)
        #expect(try await answer(seed: 7) == first)
        #expect(try await answer(seed: 8) != first)
    }

    @Test(arguments: ["top_k", "top_p"]) func `a sampler that leaves one token is greedy whatever the temperature`(
        kind: String
    ) async throws {
        let engine = try await Engine.start(options(slots: 1))
        func answer(_ change: (inout GenerationParameters) -> Void) async throws -> String {
            await text(try ask(engine, "Tell me a story.", maxTokens: 24, change).events)
        }
        let greedy = try await answer { _ in }
        let narrow = try await answer {
            $0.temperature = 1
            if kind == "top_k" { $0.topK = 1 } else { $0.topP = 0.001 }
            $0.seed = 7
        }
        let wide = try await answer {
            $0.temperature = 1
            $0.seed = 7
        }
        #expect(narrow == greedy)
        #expect(wide != greedy)
    }

    @Test func `a prompt that is too long is refused with the numbers`() async throws {
        let engine = try await Engine.start(options(slots: 1, context: 256))
        let request = try ask(engine, String(repeating: "word ", count: 300), maxTokens: 1)
        var events = request.events.makeAsyncIterator()
        guard case .failed(.promptTooLong(let tokens, 256, true)) = await events.next() else {
            Issue.record("not refused as too long")
            return
        }
        #expect(tokens > 300)
    }

    @Test func `usage counts the prompt and every token that was made`() async throws {
        let engine = try await Engine.start(options(slots: 1))
        let events = try ask(engine, "Count to one hundred.", maxTokens: 7).events
        let last = await events.reduce(nil as WorkEvent?) { $1 }
        guard case .finished(.length, let usage) = last else {
            Issue.record("ended with \(String(describing: last))")
            return
        }
        #expect(usage.completionTokens == 7)
        #expect(usage.promptTokens == engine.counters.promptTokens)
    }

    @Test func `an answer ends where the context ends`() async throws {
        let engine = try await Engine.start(options(slots: 1, context: 64))
        let events = try ask(engine, "Write a very long story.", maxTokens: 1000).events
        guard case .finished(.length, let usage) = await events.reduce(nil as WorkEvent?, { $1 }) else {
            Issue.record("did not end by length")
            return
        }
        #expect(usage.totalTokens == 64)
    }

    @Test func `a file that is no model is refused by name`() async {
        var options = options(slots: 1)
        options.modelPath = "/nonexistent.gguf"
        await #expect(throws: EngineFailure.modelUnreadable(path: "/nonexistent.gguf")) {
            _ = try await Engine.start(options)
        }
    }
}
