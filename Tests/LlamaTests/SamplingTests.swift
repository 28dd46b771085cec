#if Llama
    import Foundation
    import GatewayAPI
    import Testing

    @testable import Llama

    @Suite(
        .serialized,
        .enabled(if: testModelPath != nil, "GATEHOUSE_TEST_MODEL names a GGUF file"),
        .timeLimit(.minutes(5))
    )
    struct SamplingTests {
        private let prompt = "Repeat the word hello twenty times."

        private func tokens(_ asked: Asked) -> [String] { asked.logprobs.map(\.chosen.token) }

        @Test func `a min_p that leaves one token is greedy whatever the temperature`() async throws {
            let engine = try await SamplingFixture.start()
            let greedy = try await SamplingFixture.ask(engine, prompt)
            func answer(minP: Double) async throws -> String {
                try await SamplingFixture.ask(engine, prompt) {
                    ($0.temperature, $0.seed, $0.minP) = (1.5, 7, minP)
                }.text
            }
            #expect(try await answer(minP: 1) == greedy.text)
            #expect(try await answer(minP: 0) != greedy.text)
        }

        @Test func `a bias bans a token, and another makes it the only one`() async throws {
            let engine = try await SamplingFixture.start()
            let path = try #require(testModelPath)
            _ = try Runtime.load(nil)
            let model = try Model(path: path, gpuLayers: 0)
            let plain = try await SamplingFixture.ask(engine, prompt, maxTokens: 1) { $0.logprobs = 0 }
            let piece = try #require(tokens(plain).first)
            let first = try #require(model.tokens(of: piece)?.first)
            let banned = try await SamplingFixture.ask(engine, prompt, maxTokens: 12) {
                $0.logprobs = 0
                $0.logitBias = [first: -100]
            }
            #expect(!tokens(banned).contains(piece))
            let cat = try #require(model.tokens(of: " cat")?.first)
            let only = try await SamplingFixture.ask(engine, prompt, maxTokens: 5) { $0.logitBias = [cat: 100] }
            #expect(only.text == String(repeating: " cat", count: 5))
        }

        @Test func `a bias for a token that the model does not have is refused`() async throws {
            let engine = try await SamplingFixture.start()
            let asked = try await SamplingFixture.ask(engine, prompt) { $0.logitBias = [2_000_000: 1] }
            guard case .refusedField("logit_bias", _) = asked.failure else {
                Issue.record("ended with \(asked)")
                return
            }
        }

        @Test(arguments: ["frequency", "presence", "repetition"])
        func `a penalty makes the model repeat itself less`(kind: String) async throws {
            let engine = try await SamplingFixture.start()
            func repeated(_ strength: Double) async throws -> Int {
                let asked = try await SamplingFixture.ask(engine, prompt, maxTokens: 48) {
                    $0.logprobs = 0
                    switch kind {
                    case "frequency": $0.frequencyPenalty = strength
                    case "presence": $0.presencePenalty = strength
                    default: $0.repetitionPenalty = 1 + strength / 2
                    }
                }
                let tokens = tokens(asked)
                return tokens.count - Set(tokens).count
            }
            let free = try await repeated(0)
            let penalised = try await repeated(2)
            #expect(penalised < free, "\(free) repetitions without, \(penalised) with the penalty")
        }

        @Test func `a negative penalty makes the model repeat itself`() async throws {
            let engine = try await SamplingFixture.start()
            let asked = try await SamplingFixture.ask(engine, "Tell me a story.", maxTokens: 40) {
                $0.logprobs = 0
                $0.frequencyPenalty = -2
            }
            #expect(Set(tokens(asked)).count * 2 < tokens(asked).count)
        }

        @Test func `a greedy answer's tokens are each the likeliest that is told beside them`() async throws {
            let engine = try await SamplingFixture.start()
            let asked = try await SamplingFixture.ask(engine, "Name three colours.") { $0.logprobs = 5 }
            #expect(asked.logprobs.count >= 10)
            for entry in asked.logprobs {
                #expect(entry.top.count == 5)
                #expect(entry.top.first == entry.chosen)
                #expect(entry.top.map(\.logprob) == entry.top.map(\.logprob).sorted(by: >))
                let shares = entry.top.map { exp($0.logprob) }
                #expect(shares.allSatisfy { $0 > 0 && $0 <= 1 } && shares.reduce(0, +) <= 1.000_1)
            }
            #expect(asked.logprobs.flatMap(\.chosen.bytes) == Array(asked.text.utf8))
        }

        @Test func `the probabilities of all tokens add up to one`() async throws {
            _ = try Runtime.load(nil)
            let model = try Model(path: try #require(testModelPath), gpuLayers: 0)
            let context = try Context(model, slots: 1, tokens: 64, step: 8, threads: 1)
            var batch = Batch(capacity: 8)
            let token = try #require(model.tokens(of: "The")?.first)
            batch.fill([.init(slot: 0, token: token, position: 0, wantsOutput: true)])
            try context.decode(batch)
            let sampler = try Sampler(GenerationParameters(), model)
            let all = try sampler.logprob(of: 5, beside: model.vocabularySize, context, at: 0)
            #expect(abs(all.top.reduce(0) { $0 + exp($1.logprob) } - 1) < 0.001)
            #expect(all.chosen.logprob < 0)
        }

        @Test func `tokens of a stop string are not told of`() async throws {
            let engine = try await SamplingFixture.start()
            let whole = try await SamplingFixture.ask(engine, "Count to five.") { $0.logprobs = 0 }
            let stop = try #require(tokens(whole).dropFirst(4).first)
            let cut = try await SamplingFixture.ask(engine, "Count to five.") {
                $0.logprobs = 0
                $0.stop = [stop]
            }
            #expect(cut.reason == .stop)
            #expect(cut.logprobs.flatMap(\.chosen.bytes) == Array(cut.text.utf8))
            #expect(cut.logprobs.count < whole.logprobs.count)
        }

        @Test func `all of it together is the same again with the same seed`() async throws {
            let engine = try await SamplingFixture.start()
            func answer(seed: Int) async throws -> Asked {
                try await SamplingFixture.ask(engine, "Tell me a story.", maxTokens: 32) {
                    ($0.temperature, $0.topP, $0.topK, $0.minP, $0.seed) = (1.2, 0.95, 100, 0.01, seed)
                    ($0.frequencyPenalty, $0.presencePenalty, $0.repetitionPenalty) = (0.5, 0.5, 1.1)
                    ($0.logitBias, $0.logprobs, $0.format) = ([5: -3], 2, .grammar("root ::= [a-zA-Z ,.]+"))
                }
            }
            let first = try await answer(seed: 7)
            let second = try await answer(seed: 7)
            #expect(first.text == second.text && first.logprobs == second.logprobs && !first.text.isEmpty)
            #expect(try await answer(seed: 8).text != first.text)
        }
    }
#endif
