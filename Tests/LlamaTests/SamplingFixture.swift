#if Llama
    import Foundation
    import GatewayAPI

    @testable import Llama

    let testModelPath = ProcessInfo.processInfo.environment["GATEHOUSE_TEST_MODEL"]

    /// What came of one request.
    struct Asked {
        var text = ""
        /// One list for each piece of text.
        var logprobs: [TokenLogprob] = []
        var usage: Usage?
        var reason: FinishReason?
        var failure: EngineFailure?
    }

    /// The real model, and questions to it.
    enum SamplingFixture {
        static func start(slots: Int = 1) async throws -> Engine {
            try await Engine.start(EngineOptions(modelPath: testModelPath ?? "", slots: slots, context: 1024))
        }

        /// Greedy, unless `change` says otherwise.
        static func ask(
            _ engine: Engine,
            _ prompt: String,
            maxTokens: Int = 24,
            _ change: (inout GenerationParameters) -> Void = { _ in }
        ) async throws -> Asked {
            var parameters = GenerationParameters()
            parameters.temperature = 0
            parameters.maxTokens = maxTokens
            change(&parameters)
            let (events, continuation) = AsyncStream.makeStream(of: WorkEvent.self)
            let grammar = try Grammar.make(parameters.format)
            let chat = Prompt.chat([ChatMessage(.user, prompt)])
            _ = try engine.submit(
                Work(chat, parameters, grammar: grammar) { event in
                    continuation.yield(event)
                    switch event {
                    case .finished, .failed: continuation.finish()
                    case .started, .logprobs, .text, .vectors: break
                    }
                }
            )
            return await events.reduce(into: Asked()) { asked, event in
                switch event {
                case .started, .vectors: break
                case .logprobs(let more): asked.logprobs += more
                case .text(let more): asked.text += more
                case .finished(let reason, let usage): (asked.reason, asked.usage) = (reason, usage)
                case .failed(let failure): asked.failure = failure
                }
            }
        }
    }
#endif
