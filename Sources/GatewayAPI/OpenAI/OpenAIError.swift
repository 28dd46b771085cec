/// The error body of the OpenAI API: `{"error":{"message","type","param","code"}}`.
package struct OpenAIError: Codable, Equatable, Sendable {
    /// What went wrong; absent parts are written as `null`, as the API does.
    package struct Detail: Codable, Equatable, Sendable {
        package let message: String
        package let type: String
        package let param: String?
        package let code: String?

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(message, forKey: .message)
            try container.encode(type, forKey: .type)
            try container.encode(param, forKey: .param)
            try container.encode(code, forKey: .code)
        }
    }

    package let error: Detail

    package init(message: String, type: String, param: String? = nil, code: String? = nil) {
        error = Detail(message: message, type: type, param: param, code: code)
    }
}
