#if Llama
    import Foundation
    import Testing

    @testable import Llama

    @Suite(.serialized, .timeLimit(.minutes(2))) struct ContextSetTests {
        private static let chatModelPath = ProcessInfo.processInfo.environment["GATEHOUSE_TEST_MODEL"]

        private func model(_ path: String?) throws -> Model {
            _ = try Runtime.load(nil)
            return try Model(path: path ?? "", gpuLayers: 0)
        }

        private func first(_ slot: Int, token: Int32) -> Schedule.Entry {
            Schedule.Entry(slot: slot, token: token, position: 0, wantsOutput: true)
        }

        @Test(.enabled(if: t5ModelPath != nil, "GATEHOUSE_TEST_T5_MODEL names a GGUF file of a Flan-T5"))
        func `a context of its own that fails takes no other's request with it`() throws {
            let model = try model(t5ModelPath)
            var contexts = try ContextSet(model, slots: 3, tokens: 32, step: 32, threads: 1)
            for slot in 0..<3 { try contexts.encode([100, 200, 1], slot: slot) }
            let start = model.startToken
            // Of no vocabulary: the engine refuses it.
            let bad = Int32(clamping: model.vocabularySize + 7)
            let failures = contexts.decode([first(0, token: start), first(1, token: bad), first(2, token: start)])
            #expect(Set(failures.keys) == [1])
            #expect(contexts.cellsUsed == 2)
            let next = contexts.decode([
                Schedule.Entry(slot: 0, token: 100, position: 1, wantsOutput: true), first(1, token: start),
            ])
            #expect(next.isEmpty)
            #expect(contexts.cellsUsed == 4)
        }

        @Test(.enabled(if: chatModelPath != nil, "GATEHOUSE_TEST_MODEL names a GGUF file"))
        func `a context that slots share fails for all of them and is empty afterwards`() throws {
            let model = try model(Self.chatModelPath)
            var contexts = try ContextSet(model, slots: 2, tokens: 32, step: 32, threads: 1)
            #expect(contexts.decode([first(0, token: 1)]).isEmpty)
            let bad = Int32(clamping: model.vocabularySize + 7)
            let failures = contexts.decode([first(1, token: bad)])
            #expect(Set(failures.keys) == [0, 1])
            #expect(contexts.cellsUsed == 0)
            #expect(contexts.decode([first(0, token: 1), first(1, token: 1)]).isEmpty)
        }
    }
#endif
