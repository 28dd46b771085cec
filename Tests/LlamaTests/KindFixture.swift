#if Llama
    import Foundation
    import GatewayAPI

    @testable import Llama

    let embeddingModelPath = ProcessInfo.processInfo.environment["GATEHOUSE_TEST_EMBEDDING_MODEL"]
    let t5ModelPath = ProcessInfo.processInfo.environment["GATEHOUSE_TEST_T5_MODEL"]

    /// What PyTorch makes of the two models; `kinds_reference.py` beside the file says how.
    struct KindReference: Decodable {
        /// A text's vector.
        struct Embedding: Decodable {
            let text: String
            let tokens: [Int32]
            let vector: [Float]
        }

        /// A prompt's greedy answer; `answer` are its tokens, the one that ends it included.
        struct Answer: Decodable {
            let prompt: String
            let tokens: [Int32]
            let answer: [Int32]
            let text: String
        }

        let mostTokens: Int
        let embeddings: [Embedding]
        let answers: [Answer]

        static func read() throws -> KindReference {
            let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            let file = tests.appendingPathComponent("Clients/kinds_reference.json")
            return try JSONDecoder().decode(KindReference.self, from: Data(contentsOf: file))
        }
    }

    /// Questions to an engine of any kind.
    enum KindFixture {
        static func submit(
            _ engine: Engine,
            _ prompt: Prompt,
            _ terms: WorkTerms = WorkTerms(),
            _ change: (inout GenerationParameters) -> Void = { _ in }
        ) throws -> (ticket: Ticket, events: AsyncStream<WorkEvent>) {
            var parameters = GenerationParameters()
            parameters.temperature = 0
            change(&parameters)
            let (events, continuation) = AsyncStream.makeStream(of: WorkEvent.self)
            let ticket = try engine.submit(
                Work(prompt, parameters, terms) { event in
                    continuation.yield(event)
                    switch event {
                    case .finished, .failed, .vectors: continuation.finish()
                    case .started, .logprobs, .text: break
                    }
                }
            )
            return (ticket, events)
        }

        /// The text of an answer, and what ended it.
        static func answer(_ events: AsyncStream<WorkEvent>) async -> (text: String, last: WorkEvent?) {
            var text = ""
            var last: WorkEvent?
            for await event in events {
                if case .text(let more) = event { text += more }
                last = event
            }
            return (text, last)
        }

        static func embed(
            _ engine: Engine,
            _ inputs: [EmbeddingInput]
        ) async throws -> (vectors: [[Float]], usage: Usage)? {
            let last = await answer(try submit(engine, .inputs(inputs)).events).last
            guard case .vectors(let vectors, let usage) = last else { return nil }
            return (vectors, usage)
        }

        static func failure(_ engine: Engine, _ prompt: Prompt) async -> EngineFailure? {
            do throws(EngineFailure) {
                let (events, continuation) = AsyncStream.makeStream(of: WorkEvent.self)
                _ = try engine.submit(
                    Work(prompt, GenerationParameters()) { event in
                        continuation.yield(event)
                        if case .failed = event { continuation.finish() }
                        if case .vectors = event { continuation.finish() }
                        if case .finished = event { continuation.finish() }
                    }
                )
                guard case .failed(let failure) = await answer(events).last else { return nil }
                return failure
            } catch {
                return error
            }
        }

        /// Of vectors of length one.
        static func cosine(_ one: [Float], _ other: [Float]) -> Float {
            zip(one, other).reduce(0) { $0 + $1.0 * $1.1 }
        }
    }
#endif
