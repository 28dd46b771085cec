import Dispatch
import Foundation
import GatewayAPI
import Llama
import Logging
import NIOHTTP1

/// One request to the model and its answer: turns the engine's events into what is to be written.
///
/// Owns no I/O.
final class Exchange {
    /// What to do with the connection.
    enum Action {
        case nothing
        /// The next of its prompts is to be asked.
        case ask
        /// The head of a stream and its first bytes.
        case begin([UInt8])
        case send([UInt8])
        /// The last bytes of a stream.
        case end([UInt8])
        /// A whole answer.
        case reply(HTTPResponseStatus, HTTPHeaders, [UInt8])
        /// The last bytes of a stream that is broken.
        case cut([UInt8])
    }

    let head: HTTPRequestHead
    let headers: HTTPHeaders = ["content-type": "text/event-stream", "cache-control": "no-store"]
    private let inquiry: Inquiry
    private let terms: WorkTerms
    private var writer: AnswerWriter
    private let engine: Engine
    private let station: Station
    private let began = DispatchTime.now()
    private var ticket: Ticket?
    /// Of its prompts.
    private var asked = 0
    /// The answers to those that are over.
    private var texts: [String] = []
    private var used = Usage(promptTokens: 0, completionTokens: 0)
    private var text = ""
    /// Of the tokens of the next piece; of a whole answer's all.
    private var logprobs: [TokenLogprob]?
    private var hasBegun = false

    init(_ inquiry: Inquiry, _ terms: WorkTerms, _ head: HTTPRequestHead, _ engine: Engine, _ station: Station) {
        self.inquiry = inquiry
        self.terms = terms
        self.head = head
        self.engine = engine
        self.station = station
        let parameters = inquiry.parameters
        logprobs = parameters.logprobs.map { _ in [] }
        let form: AnswerWriter.Form = if case .chat = inquiry.form { .chat } else { .completion }
        writer = AnswerWriter(form, model: station.name, includesUsage: parameters.includesUsage)
    }

    /// Hands the next of its prompts to the engine.
    func ask(_ deliver: @escaping @Sendable (WorkEvent) -> Void) throws(Refusal) {
        let prompt = inquiry.prompts[asked]
        let work = Work(prompt, inquiry.parameters, terms, grammar: inquiry.grammar, deliver: deliver)
        do throws(EngineFailure) { ticket = try engine.submit(work) } catch { throw Refusal(error) }
        if asked == 0 { station.began() }
        asked += 1
    }

    /// The engine does not answer it, or not one of its later prompts.
    func refuse(_ refusal: Refusal) -> Action {
        end("failed")
        let bytes = (try? JSONEncoder().encode(refusal.body)) ?? Data()
        guard used.promptTokens > 0 else { return .reply(refusal.status, refusal.headers, Array(bytes)) }
        // Earlier prompts were worked on: the request is no new one for anybody else, and what it took is told.
        var headers = refusal.headers
        headers.remove(name: Refusal.reason)
        headers.add(contentsOf: usedHeaders)
        return .reply(refusal.status, headers, Array(bytes))
    }

    /// The client is gone.
    func cancel() {
        withdraw()
        end("cancelled")
    }

    private func withdraw() {
        if let ticket { engine.cancel(ticket) }
    }

    func receive(_ event: WorkEvent) -> Action {
        do {
            return try inquiry.parameters.isStreamed ? stream(event) : collect(event)
        } catch {
            // Only an answer that cannot be encoded comes here; the engine must not go on for nobody.
            withdraw()
            return fail(.decodeFailed(code: 0))
        }
    }

    private func stream(_ event: WorkEvent) throws -> Action {
        switch event {
        case .started:
            hasBegun = true
            return .begin(try writer.opening())
        case .logprobs(let more):
            logprobs?.append(contentsOf: more)
            return .nothing
        case .text(let text):
            defer { logprobs?.removeAll() }
            return .send(try writer.piece(text, logprobs))
        case .finished(let reason, let usage):
            used = usage
            let bytes = try writer.closing(reason, usage)
            end(reason.rawValue)
            return .end(bytes)
        case .vectors: throw EngineFailure.decodeFailed(code: 0)
        case .failed(let failure): return fail(failure)
        }
    }

    private func collect(_ event: WorkEvent) throws -> Action {
        switch event {
        case .started: return .nothing
        case .logprobs(let more):
            logprobs?.append(contentsOf: more)
            return .nothing
        case .text(let more):
            text += more
            return .nothing
        case .finished(let reason, let usage):
            used = used + usage
            texts.append(text)
            text = ""
            if asked < inquiry.prompts.count { return .ask }
            let action = Action.reply(.ok, usageHeaders, try generated(reason))
            end(reason.rawValue)
            return action
        case .vectors(let vectors, let usage):
            used = usage
            let action = Action.reply(.ok, usageHeaders, try bytes(of: vectors))
            end(FinishReason.stop.rawValue)
            return action
        case .failed(let failure): return fail(failure)
        }
    }

    private func generated(_ reason: FinishReason) throws -> [UInt8] {
        switch inquiry.form {
        case .chat, .completion: return try writer.whole(texts.joined(), logprobs, reason, used)
        case .generated(let prompts):
            let prompts = prompts ?? Array(repeating: "", count: texts.count)
            return try Self.encode(zip(prompts, texts).map { GeneratedText($0 + $1) })
        case .questionAnswer: return try Self.encode(QuestionAnswer(texts.joined()))
        case .embeddings, .vectors: throw EngineFailure.decodeFailed(code: 0)
        }
    }

    private func bytes(of vectors: [[Float]]) throws -> [UInt8] {
        switch inquiry.form {
        case .vectors: return VectorText.list(vectors)
        case .embeddings(let encoding):
            return try VectorText.embeddings(vectors, encoding, model: station.name, tokens: used.promptTokens)
        case .chat, .completion, .generated, .questionAnswer: throw EngineFailure.decodeFailed(code: 0)
        }
    }

    /// The forms that have no place for it in their body tell what was used beside it.
    private var usageHeaders: HTTPHeaders {
        switch inquiry.form {
        case .chat, .completion, .embeddings: [:]
        case .generated, .questionAnswer, .vectors: usedHeaders
        }
    }

    private var usedHeaders: HTTPHeaders {
        [
            "x-gatehouse-prompt-tokens": "\(used.promptTokens)",
            "x-gatehouse-completion-tokens": "\(used.completionTokens)",
        ]
    }

    private static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }

    private func fail(_ failure: EngineFailure) -> Action {
        let refusal = Refusal(failure)
        guard hasBegun else { return refuse(refusal) }
        end("failed")
        return .cut((try? writer.failure(refusal)) ?? [])
    }

    private func end(_ outcome: String) {
        station.ended()
        let milliseconds = (DispatchTime.now().uptimeNanoseconds - began.uptimeNanoseconds) / 1_000_000
        station.log.info(
            "request",
            metadata: [
                "path": "\(head.uri)", "outcome": "\(outcome)", "milliseconds": "\(milliseconds)",
                "prompt_tokens": "\(used.promptTokens)", "completion_tokens": "\(used.completionTokens)",
            ]
        )
    }
}
