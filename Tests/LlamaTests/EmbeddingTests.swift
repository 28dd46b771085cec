#if Llama
    import GatewayAPI
    import Testing

    @testable import Llama

    @Suite(
        .serialized,
        .enabled(if: embeddingModelPath != nil, "GATEHOUSE_TEST_EMBEDDING_MODEL names a GGUF file of MiniLM"),
        .timeLimit(.minutes(5))
    )
    struct EmbeddingTests {
        private let reference: KindReference

        init() throws { reference = try KindReference.read() }

        private func start(slots: Int = 4, queue: Int = 32, context: Int? = nil) async throws -> Engine {
            let path = embeddingModelPath ?? ""
            return try await Engine.start(EngineOptions(modelPath: path, slots: slots, context: context, queue: queue))
        }

        @Test func `the header tells the kind, the length of vectors and of texts`() async throws {
            let card = try await start().card
            #expect(card.kind == .embedding)
            #expect(card.vectorSize == 384)
            #expect(card.context == 512)
        }

        @Test func `vectors are those of the reference, each alone and all in one request`() async throws {
            let engine = try await start()
            let texts = reference.embeddings.map { EmbeddingInput.text($0.text) }
            let together = try #require(await KindFixture.embed(engine, texts))
            #expect(together.vectors.count == texts.count)
            for (index, expected) in reference.embeddings.enumerated() {
                let alone = try #require(await KindFixture.embed(engine, [texts[index]]))
                #expect(KindFixture.cosine(together.vectors[index], expected.vector) >= 0.999, "\(expected.text)")
                #expect(KindFixture.cosine(alone.vectors[0], expected.vector) >= 0.999, "\(expected.text)")
                #expect(alone.usage.promptTokens == expected.tokens.count)
                #expect(abs(KindFixture.cosine(alone.vectors[0], alone.vectors[0]) - 1) < 1e-4)
            }
            #expect(together.usage.promptTokens == reference.embeddings.reduce(0) { $0 + $1.tokens.count })
            #expect(together.usage.completionTokens == 0)
        }

        @Test func `tokens are taken as they are`() async throws {
            let engine = try await start()
            let expected = reference.embeddings[0]
            let answer = try #require(await KindFixture.embed(engine, [.tokens(expected.tokens)]))
            #expect(KindFixture.cosine(answer.vectors[0], expected.vector) >= 0.999)
            let bare = Array(expected.tokens.dropFirst().dropLast())
            let without = try #require(await KindFixture.embed(engine, [.tokens(bare)]))
            #expect(KindFixture.cosine(without.vectors[0], expected.vector) < 0.999)
        }

        @Test func `several texts are computed in one step`() async throws {
            let engine = try await start()
            _ = try #require(await KindFixture.embed(engine, (0..<32).map { .text("Text number \($0).") }))
            #expect(engine.counters.steps == 1)
        }

        @Test func `more texts than a step holds come back in their order`() async throws {
            let engine = try await start()
            let texts = (0..<150).map { reference.embeddings[$0 % 3] }
            let answer = try #require(await KindFixture.embed(engine, texts.map { .text($0.text) }))
            #expect(zip(answer.vectors, texts).allSatisfy { KindFixture.cosine($0, $1.vector) >= 0.999 })
            #expect(engine.counters.steps > 2)
        }

        @Test func `a text that is too long is refused with the numbers and its place`() async throws {
            let engine = try await start()
            let long = String(repeating: "word ", count: 600)
            let alone = await KindFixture.failure(engine, .inputs([.text(long)]))
            #expect(alone == .inputTooLong(tokens: 602, most: 512, isExact: true, place: nil))
            let second = await KindFixture.failure(engine, .inputs([.text("short"), .text(long)]))
            #expect(second == .inputTooLong(tokens: 602, most: 512, isExact: true, place: 1))
            let huge = String(repeating: "word ", count: 1 << 20)
            let refusal = await KindFixture.failure(engine, .inputs([.text(huge)]))
            guard case .inputTooLong(_, 512, false, nil) = refusal else {
                Issue.record("not refused before it was read")
                return
            }
            let oneWord = await KindFixture.failure(engine, .inputs([.text(String(repeating: "a", count: 1 << 20))]))
            #expect(oneWord == .textTooLong(bytes: 1 << 18))
            #expect(await KindFixture.failure(engine, .inputs([.tokens(Array(repeating: 1, count: 513))])) != nil)
            let spaces = "a" + String(repeating: " ", count: 1 << 20) + "b"
            #expect(try await KindFixture.embed(engine, [.text(spaces)])?.usage.promptTokens == 4)
            #expect(try await KindFixture.embed(engine, [.text("the next is answered")]) != nil)
        }

        @Test(arguments: [40, 1500]) func `nothing is computed for a request whose last text is too long`(
            count: Int
        ) async throws {
            let engine = try await start()
            let texts = Array(repeating: EmbeddingInput.text(reference.embeddings[7].text), count: count)
            let long = EmbeddingInput.text(String(repeating: "word ", count: 600))
            let failure = await KindFixture.failure(engine, .inputs(texts + [long]))
            #expect(failure == .inputTooLong(tokens: 602, most: 512, isExact: true, place: count))
            #expect(engine.counters.steps == 0)
            #expect(engine.counters.promptTokens == 0)
        }

        @Test func `a request that is long to read does not keep another waiting`() async throws {
            let engine = try await start()
            let texts = Array(repeating: EmbeddingInput.text(reference.embeddings[7].text), count: 2000)
            let long = try KindFixture.submit(engine, .inputs(texts))
            #expect(try await KindFixture.embed(engine, [.text("short")]) != nil)
            #expect(engine.counters.steps <= 8)
            engine.cancel(long.ticket)
        }

        @Test func `a text is answered up to what the model reads, or its context`() async throws {
            let tokens = [Int32](repeating: 2003, count: 512)
            #expect(try await KindFixture.embed(start(), [.tokens(tokens)]) != nil)
            let long = Prompt.inputs([.tokens(Array(tokens.prefix(17)))])
            let narrow = await KindFixture.failure(try await start(context: 16), long)
            #expect(narrow == .inputTooLong(tokens: 17, most: 16, isExact: true, place: nil))
            // Beyond what it was trained for the model has no places: a wider context gives none.
            #expect(try await start(context: 4096).card.context == 512)
        }

        @Test(arguments: [[Int32](), [101, -1], [101, 30522]]) func `tokens that the model does not have are refused`(
            tokens: [Int32]
        ) async throws {
            let failure = await KindFixture.failure(try await start(), .inputs([.tokens(tokens)]))
            switch failure {
            case .unknownToken(_, last: 30521, place: nil): #expect(!tokens.isEmpty)
            default: #expect(failure == .emptyInput(place: nil) && tokens.isEmpty)
            }
        }

        @Test func `what generates text is refused`() async throws {
            let engine = try await start()
            #expect(await KindFixture.failure(engine, .text("Hello")) == .wrongKind(.embedding))
            let chat = Prompt.chat([ChatMessage(.user, "Hello")])
            #expect(await KindFixture.failure(engine, chat) == .wrongKind(.embedding))
        }

        @Test func `a cancelled request is over, and others go on`() async throws {
            let engine = try await start(slots: 1)
            let texts = Array(repeating: EmbeddingInput.text(reference.embeddings[7].text), count: 400)
            let long = try KindFixture.submit(engine, .inputs(texts))
            var events = long.events.makeAsyncIterator()
            let first = await events.next()
            #expect(first == .started)
            engine.cancel(long.ticket)
            #expect(try await KindFixture.embed(engine, [.text("next")]) != nil)
            #expect(engine.counters.steps < 400)
            #expect(engine.counters.waiting == 0)
        }

        @Test func `who waits beyond the deadline is refused and who has no place at once`() async throws {
            let engine = try await start(slots: 1, queue: 1)
            let texts = Array(repeating: EmbeddingInput.text(reference.embeddings[7].text), count: 100)
            let long = try KindFixture.submit(engine, .inputs(texts))
            let late = try KindFixture.submit(engine, .inputs([.text("late")]), WorkTerms(deadline: .now))
            #expect(throws: EngineFailure.busy(slots: 1, queue: 1)) {
                _ = try KindFixture.submit(engine, .inputs([.text("third")]))
            }
            #expect(await KindFixture.answer(late.events).last == .failed(.overdue))
            engine.cancel(long.ticket)
        }

        @Test func `an engine that is let go tells those that wait`() async throws {
            var engine: Engine? = try await start(slots: 1)
            let texts = Array(repeating: EmbeddingInput.text(reference.embeddings[7].text), count: 400)
            let long = try KindFixture.submit(try #require(engine), .inputs(texts))
            engine = nil
            #expect(await KindFixture.answer(long.events).last == .failed(.stopping))
        }
    }
#endif
