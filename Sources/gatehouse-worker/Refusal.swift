import GatewayAPI
import Llama
import NIOHTTP1

/// A request that is not answered by the model: a status, a body in the API's shape, and what to do about it.
struct Refusal: Error {
    let status: HTTPResponseStatus
    let body: OpenAIError
    var headers: HTTPHeaders = [:]

    /// Tells the gateway that the request was not worked on, and why: it places it anew, or says it to its caller in the
    /// caller's own terms.
    static let reason = "x-gatehouse-refusal"

    init(_ status: HTTPResponseStatus, _ body: OpenAIError, headers: HTTPHeaders = [:]) {
        self.status = status
        self.body = body
        self.headers = headers
    }

    init(_ error: OpenAIRequestError) {
        self.init(.badRequest, error.body)
    }

    init(_ failure: EngineFailure) {
        switch failure {
        case .busy:
            self.init(
                .tooManyRequests,
                .init(failure, "server_busy", code: "queue_full"),
                headers: ["retry-after": "1", Self.reason: "busy"]
            )
        case .stopping:
            self.init(
                .serviceUnavailable,
                .init(failure, "server_error", code: "stopping"),
                headers: ["retry-after": "1", Self.reason: "stopping"]
            )
        case .overdue:
            self.init(
                .gatewayTimeout,
                .init(failure, "timeout_error", code: "deadline_exceeded"),
                headers: [Self.reason: "overdue"]
            )
        case .promptTooLong, .inputTooLong, .textTooLong:
            self.init(.badRequest, .init(failure, "invalid_request_error", code: "context_length_exceeded"))
        case .wrongKind:
            let message = failure.message
            self.init(
                .badRequest,
                OpenAIError(message: message, type: "invalid_request_error", param: "model", code: "wrong_model_kind")
            )
        case .emptyPrompt, .untokenisable, .emptyInput, .unknownToken:
            self.init(.badRequest, .init(failure, "invalid_request_error", code: "invalid_value"))
        case .noTemplate:
            self.init(.badRequest, .init(failure, "invalid_request_error", code: "chat_not_supported"))
        case .refusedField(let field, _):
            let message = failure.message
            self.init(
                .badRequest,
                OpenAIError(message: message, type: "invalid_request_error", param: field, code: "invalid_value")
            )
        case .grammarTooAmbiguous, .grammarImpossible:
            self.init(.badRequest, .init(failure, "invalid_request_error", code: "grammar_failed"))
        case .notBuiltIn, .noDevice, .unknownDevice, .modelUnreadable, .notServed, .noPooling, .unknownTemplate,
            .contextUnavailable, .noMemory, .decodeFailed:
            self.init(.internalServerError, .init(failure, "server_error", code: "engine_failure"))
        }
    }

    static let loading = Refusal(
        .serviceUnavailable,
        OpenAIError(message: "The model is being loaded.", type: "server_error", code: "loading"),
        headers: ["retry-after": "1", reason: "loading"]
    )

    static let tooLarge = Refusal(
        .payloadTooLarge,
        OpenAIError(
            message: "The body is larger than \(Limits.body) bytes.",
            type: "invalid_request_error",
            code: "body_too_large"
        )
    )

    static func longName(_ header: String, _ bound: Int) -> Refusal {
        Refusal(
            .badRequest,
            OpenAIError(
                message: "The header \(header) may have \(bound) bytes.",
                type: "invalid_request_error",
                param: header,
                code: "invalid_value"
            )
        )
    }

    static func badTerms(_ name: String, _ range: ClosedRange<Int>) -> Refusal {
        Refusal(
            .badRequest,
            OpenAIError(
                message: "The header \(name) must be one number from \(range.lowerBound) to \(range.upperBound).",
                type: "invalid_request_error",
                param: name,
                code: "invalid_value"
            )
        )
    }

    static func unknownPath(_ target: String) -> Refusal {
        Refusal(
            .notFound,
            OpenAIError(message: "There is no \(target) here.", type: "invalid_request_error", code: "not_found")
        )
    }

    static func wrongMethod(allowed: String) -> Refusal {
        Refusal(
            .methodNotAllowed,
            OpenAIError(
                message: "This path takes \(allowed).",
                type: "invalid_request_error",
                code: "method_not_allowed"
            ),
            headers: ["allow": allowed]
        )
    }

    static func unknownModel(_ name: String) -> Refusal {
        Refusal(
            .notFound,
            OpenAIError(
                message: "The model '\(name)' is not served here.",
                type: "invalid_request_error",
                param: "model",
                code: "model_not_found"
            )
        )
    }
}

extension OpenAIError {
    fileprivate init(_ failure: EngineFailure, _ type: String, code: String) {
        self.init(message: failure.message, type: type, code: code)
    }
}
