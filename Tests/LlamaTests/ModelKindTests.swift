import Foundation
import GatewayAPI
import Testing

@testable import Llama

@Suite struct ModelKindTests {
    @Test(arguments: [
        (ModelKind.decoder, true, false), (.encoderDecoder, true, false), (.embedding, false, true),
    ]) func `each kind answers what is meant for it`(kind: ModelKind, generates: Bool, embeds: Bool) {
        #expect(kind.answers(.text("x")) == generates)
        #expect(kind.answers(.chat([ChatMessage(.user, "x")])) == generates)
        #expect(kind.answers(.inputs([.text("x")])) == embeds)
    }

    @Test func `advice names the path to ask instead`() {
        #expect(ModelKind.embedding.advice.contains("/v1/embeddings"))
        #expect(ModelKind.decoder.advice.contains("/v1/chat/completions"))
        #expect(ModelKind.encoderDecoder.advice.contains("/v1/completions"))
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["GATEHOUSE_TEST_MODEL"] != nil))
    func `a chat model refuses embeddings at once`() async throws {
        let path = ProcessInfo.processInfo.environment["GATEHOUSE_TEST_MODEL"] ?? ""
        let engine = try await Engine.start(EngineOptions(modelPath: path, slots: 1, context: 64))
        #expect(engine.card.kind == .decoder)
        #expect(throws: EngineFailure.wrongKind(.decoder)) {
            _ = try engine.submit(Work(.inputs([.text("x")]), GenerationParameters()) { _ in })
        }
    }
}
