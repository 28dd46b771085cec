/// Why a request's body is not one that can be answered; becomes a 400 with the field's name in `param`.
package struct OpenAIRequestError: Error, Equatable {
    package let message: String
    package let param: String?
    package let code: String?

    package init(_ message: String, param: String? = nil, code: String? = nil) {
        self.message = message
        self.param = param
        self.code = code
    }

    /// A body that is not JSON, or a field of the wrong type.
    package init(_ error: DecodingError) {
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            self.init(wrongTypeAt: context.codingPath)
        case .keyNotFound(let key, let context):
            let name = OpenAIFieldPath.join(context.codingPath, key.stringValue)
            self.init("'\(name)' is required.", param: name, code: "missing_required_parameter")
        case .dataCorrupted(let context) where !context.codingPath.isEmpty:
            self.init(wrongTypeAt: context.codingPath)
        case .dataCorrupted:
            self.init("The body is not valid JSON.", code: "invalid_json")
        @unknown default:
            self.init("The body could not be read.", code: "invalid_json")
        }
    }

    package var body: OpenAIError {
        OpenAIError(message: message, type: "invalid_request_error", param: param, code: code)
    }

    static func unsupported(_ name: String) -> OpenAIRequestError {
        OpenAIRequestError(
            "'\(name)' is not supported by this model server; remove it or leave it at its default.",
            param: name,
            code: "unsupported_parameter"
        )
    }

    static func invalid(_ name: String, _ rule: String) -> OpenAIRequestError {
        OpenAIRequestError("'\(name)' \(rule).", param: name, code: "invalid_value")
    }

    private init(wrongTypeAt path: [any CodingKey]) {
        guard !path.isEmpty else {
            self.init("The body must be a JSON object.", code: "invalid_type")
            return
        }
        let name = OpenAIFieldPath.join(path, "")
        self.init("'\(name)' has the wrong type or is out of range.", param: name, code: "invalid_type")
    }
}
