#if Llama
    import GatewayAPI
    import Testing

    @testable import Llama

    @Suite(
        .serialized,
        .enabled(if: t5ModelPath != nil, "GATEHOUSE_TEST_T5_MODEL names a GGUF file of a Flan-T5"),
        .timeLimit(.minutes(5))
    )
    struct TextToTextTests {
        private let reference: KindReference

        init() throws { reference = try KindReference.read() }

        private func start(slots: Int = 1, queue: Int = 32, context: Int? = nil) async throws -> Engine {
            let path = t5ModelPath ?? ""
            return try await Engine.start(EngineOptions(modelPath: path, slots: slots, context: context, queue: queue))
        }

        private func ask(_ engine: Engine, _ expected: KindReference.Answer) throws -> AsyncStream<WorkEvent> {
            try KindFixture.submit(engine, .text(expected.prompt)) { $0.maxTokens = reference.mostTokens }.events
        }

        private func check(_ events: AsyncStream<WorkEvent>, _ expected: KindReference.Answer) async {
            let (text, last) = await KindFixture.answer(events)
            #expect(text == expected.text)
            guard case .finished(let reason, let usage) = last else {
                Issue.record("\(expected.prompt): ended with \(String(describing: last))")
                return
            }
            #expect(reason == (expected.answer.count < reference.mostTokens ? .stop : .length))
            #expect(usage.promptTokens == expected.tokens.count)
            #expect(usage.completionTokens == expected.answer.count)
        }

        @Test func `greedy answers are the reference's, one after the other in one slot`() async throws {
            let engine = try await start()
            #expect(engine.card.kind == .encoderDecoder)
            #expect(reference.answers.count >= 20)
            for expected in reference.answers { await check(try ask(engine, expected), expected) }
        }

        @Test func `and the same where four are answered at once`() async throws {
            let engine = try await start(slots: 4)
            let all = try reference.answers.map { (try ask(engine, $0), $0) }
            for (events, expected) in all { await check(events, expected) }
            // Once the next is refused, all before it is counted.
            _ = await KindFixture.failure(engine, .text(""))
            #expect(engine.counters.cellsUsed == 0)
        }

        @Test func `the engine used directly says the same`() throws {
            let options = EngineOptions(modelPath: t5ModelPath ?? "")
            for expected in reference.answers.prefix(3) {
                #expect(try Reference.answer(expected.prompt, maxTokens: 24, options) == expected.text)
            }
        }

        @Test func `pieces of a stream and likely tokens make the text`() async throws {
            let engine = try await start()
            let expected = reference.answers[4]
            var pieces: [String] = []
            var tokens: [UInt8] = []
            let asked = try KindFixture.submit(engine, .text(expected.prompt)) { $0.logprobs = 2 }
            for await event in asked.events {
                if case .text(let piece) = event { pieces.append(piece) }
                if case .logprobs(let more) = event { tokens += more.flatMap(\.chosen.bytes) }
            }
            #expect(pieces.count > 3)
            #expect(pieces.joined() == expected.text)
            #expect(String(decoding: tokens, as: UTF8.self) == expected.text)
        }

        @Test func `one message of a user is a text, and a conversation is refused`() async throws {
            let engine = try await start()
            let expected = reference.answers[0]
            let only = try KindFixture.submit(engine, .chat([ChatMessage(.user, expected.prompt)])).events
            #expect(await KindFixture.answer(only).text == expected.text)
            let exchange = [ChatMessage(.user, "Hello"), ChatMessage(.assistant, "Hi")]
            for more in [[ChatMessage(.system, "Be kind.")], exchange] {
                let failure = await KindFixture.failure(engine, .chat(more + [ChatMessage(.user, "Hi")]))
                guard case .refusedField("messages", _) = failure else {
                    Issue.record("not refused: \(String(describing: failure))")
                    continue
                }
            }
        }

        @Test func `a text that is too long or empty is refused, and the answer has its own room`() async throws {
            let engine = try await start(context: 16)
            let long = String(repeating: "word ", count: 20)
            #expect(
                await KindFixture.failure(engine, .text(long))
                    == .inputTooLong(tokens: 21, most: 16, isExact: true, place: nil)
            )
            #expect(await KindFixture.failure(engine, .text("")) == .emptyPrompt)
            let spaces = "a" + String(repeating: " ", count: 1 << 20) + "b"
            #expect(await KindFixture.failure(engine, .text(spaces)) == nil)
            let full = String(repeating: "word ", count: 15)
            let events = try KindFixture.submit(engine, .text(full)) { $0.logitBias = [1: -100] }.events
            guard case .finished(_, let usage) = await KindFixture.answer(events).last else {
                Issue.record("a text as long as the context is not answered")
                return
            }
            #expect(usage.promptTokens == 16)
            #expect(usage.completionTokens == 15)
        }

        @Test func `of those who come at once one is read between two tokens of who answers`() async throws {
            let engine = try await start(slots: 4)
            let (order, continuation) = AsyncStream.makeStream(of: WorkEvent.self)
            var parameters = GenerationParameters()
            (parameters.temperature, parameters.logitBias) = (0, [1: -100])
            let answering = try engine.submit(
                Work(.text("Tell a story."), parameters) { if case .text = $0 { continuation.yield($0) } }
            )
            var events = order.makeAsyncIterator()
            _ = await events.next()
            let others = try (0..<3).map { number in
                try engine.submit(
                    Work(.text("Story \(number): " + String(repeating: "word ", count: 300)), parameters) { event in
                        if event == .started { continuation.yield(event) }
                    }
                )
            }
            var gaps: [Int] = []
            var pieces = 0
            while gaps.count < 3, let event = await events.next() {
                guard event == .started else {
                    pieces += 1
                    continue
                }
                gaps.append(pieces)
                pieces = 0
            }
            for ticket in others + [answering] { engine.cancel(ticket) }
            #expect(gaps.count == 3)
            #expect(gaps.dropFirst().allSatisfy { $0 > 0 }, "pieces before each of the others began: \(gaps)")
        }

        @Test func `a cancelled request frees its slot for the one that waits`() async throws {
            let engine = try await start()
            let endless = try KindFixture.submit(engine, .text("Tell a story.")) { $0.logitBias = [1: -100] }
            var events = endless.events.makeAsyncIterator()
            _ = await events.next()
            let next = try ask(engine, reference.answers[1])
            engine.cancel(endless.ticket)
            await check(next, reference.answers[1])
        }

        @Test func `who waits beyond the deadline is refused`() async throws {
            let engine = try await start()
            let endless = try KindFixture.submit(engine, .text("Tell a story.")) { $0.logitBias = [1: -100] }
            let late = try KindFixture.submit(engine, .text("late"), WorkTerms(deadline: .now))
            #expect(await KindFixture.answer(late.events).last == .failed(.overdue))
            engine.cancel(endless.ticket)
        }

        @Test func `sampling takes its seed`() async throws {
            let engine = try await start()
            func answer(_ seed: Int) async throws -> String {
                let prompt = Prompt.text(reference.answers[8].prompt)
                let events = try KindFixture.submit(engine, prompt) {
                    $0.temperature = 2
                    $0.seed = seed
                    $0.maxTokens = 20
                }.events
                return await KindFixture.answer(events).text
            }
            let first = try await answer(7)
            #expect(try await answer(7) == first)
            #expect(try await answer(8) != first)
        }

        @Test func `embeddings are refused`() async throws {
            #expect(await KindFixture.failure(try await start(), .inputs([.text("x")])) == .wrongKind(.encoderDecoder))
        }
    }
#endif
