import Foundation
import GatewayAPI
import Llama
import NIOCore

/// A request for the model, read from its body.
struct Inquiry {
    /// Which of the two APIs was asked, and so how the answer is written.
    enum Form {
        case chat
        case completion
    }

    let form: Form
    let prompt: Prompt
    let parameters: GenerationParameters
    /// Read here and not by the engine's thread, which has the answers of others to compute.
    let grammar: Grammar?

    init(_ form: Form, body: ByteBuffer) throws(Refusal) {
        self.form = form
        switch form {
        case .chat:
            let request = try Self.read(ChatRequest.self, body)
            prompt = .chat(request.messages)
            parameters = request.parameters
        case .completion:
            let request = try Self.read(CompletionRequest.self, body)
            prompt = .text(request.prompt)
            parameters = request.parameters
        }
        do throws(EngineFailure) { grammar = try Grammar.make(parameters.format) } catch { throw Refusal(error) }
    }

    private static func read<Request: Decodable>(_ type: Request.Type, _ body: ByteBuffer) throws(Refusal) -> Request {
        do {
            return try OpenAIRequestBody.read(type, from: Array(body.readableBytesView))
        } catch let error as OpenAIRequestError {
            throw Refusal(error)
        } catch let error as DecodingError {
            throw Refusal(OpenAIRequestError(error))
        } catch {
            throw Refusal(OpenAIRequestError("The body could not be read.", code: "invalid_json"))
        }
    }
}
