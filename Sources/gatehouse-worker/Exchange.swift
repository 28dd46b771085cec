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
    private var writer: AnswerWriter
    private let isStreamed: Bool
    private let ticket: Ticket
    private let engine: Engine
    private let station: Station
    private let began = DispatchTime.now()
    private var text = ""
    /// Of the tokens of the next piece; of a whole answer's all.
    private var logprobs: [TokenLogprob]?
    private var hasBegun = false

    init(_ inquiry: Inquiry, _ head: HTTPRequestHead, _ ticket: Ticket, _ engine: Engine, _ station: Station) {
        self.head = head
        self.ticket = ticket
        self.engine = engine
        self.station = station
        isStreamed = inquiry.parameters.isStreamed
        logprobs = inquiry.parameters.logprobs.map { _ in [] }
        writer = AnswerWriter(inquiry.form, model: station.name, includesUsage: inquiry.parameters.includesUsage)
        station.began()
    }

    /// The client is gone.
    func cancel() {
        engine.cancel(ticket)
        end("cancelled")
    }

    func receive(_ event: WorkEvent) -> Action {
        do {
            return try isStreamed ? stream(event) : collect(event)
        } catch {
            // Only an answer that cannot be encoded comes here; the engine must not go on for nobody.
            engine.cancel(ticket)
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
            end(reason.rawValue, usage)
            return .end(try writer.closing(reason, usage))
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
            end(reason.rawValue, usage)
            return .reply(.ok, [:], try writer.whole(text, logprobs, reason, usage))
        case .failed(let failure): return fail(failure)
        }
    }

    private func fail(_ failure: EngineFailure) -> Action {
        end("failed")
        let refusal = Refusal(failure)
        if hasBegun { return .cut((try? writer.failure(refusal)) ?? []) }
        let bytes = (try? JSONEncoder().encode(refusal.body)) ?? Data()
        return .reply(refusal.status, refusal.headers, Array(bytes))
    }

    private func end(_ outcome: String, _ usage: Usage? = nil) {
        station.ended()
        let milliseconds = (DispatchTime.now().uptimeNanoseconds - began.uptimeNanoseconds) / 1_000_000
        station.log.info(
            "request",
            metadata: [
                "path": "\(head.uri)", "outcome": "\(outcome)", "milliseconds": "\(milliseconds)",
                "prompt_tokens": "\(usage?.promptTokens ?? 0)", "completion_tokens": "\(usage?.completionTokens ?? 0)",
            ]
        )
    }
}
