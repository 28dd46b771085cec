/// What happens to a field that is not read: taken when it cannot change the answer, else refused by name, so that
/// nobody gets an answer to another question than the one asked.
///
/// A name that nobody knows is refused too.
struct FieldRules {
    /// The one value of an unsupported field that asks for nothing.
    enum Neutral {
        case emptyArray
        case emptyObject
        case isFalse
        case number(Double)
        case oneOf([String])
        case textFormat
        case textOnly
    }

    let read: Set<String>
    let neutral: [String: Neutral]

    /// Fields about bookkeeping at OpenAI, not about the answer.
    static let harmless: Set<String> = [
        "metadata", "parallel_tool_calls", "prompt_cache_key", "prompt_cache_retention", "safety_identifier",
        "service_tier", "store", "user",
    ]

    static let sampling: Set<String> = [
        "max_completion_tokens", "max_tokens", "model", "seed", "stop", "stream", "stream_options", "temperature",
        "top_k", "top_p",
    ]

    static let chat = FieldRules(
        read: sampling.union(["messages"]),
        neutral: [
            "frequency_penalty": .number(0), "function_call": .oneOf(["none", "auto"]), "functions": .emptyArray,
            "logit_bias": .emptyObject, "logprobs": .isFalse, "modalities": .textOnly, "n": .number(1),
            "presence_penalty": .number(0), "response_format": .textFormat, "tool_choice": .oneOf(["none", "auto"]),
            "tools": .emptyArray, "top_logprobs": .number(0),
        ]
    )

    static let completion = FieldRules(
        read: sampling.subtracting(["max_completion_tokens"]).union(["prompt"]),
        neutral: [
            "best_of": .number(1), "echo": .isFalse, "frequency_penalty": .number(0), "logit_bias": .emptyObject,
            "n": .number(1), "presence_penalty": .number(0), "suffix": .oneOf([""]),
        ]
    )

    static let message = FieldRules(
        read: ["role", "content"],
        neutral: ["annotations": .emptyArray, "tool_calls": .emptyArray]
    )

    func check(_ fields: Fields) throws(OpenAIRequestError) {
        for name in fields.names where !read.contains(name) && !Self.harmless.contains(name) && fields.has(name) {
            guard let neutral = neutral[name], neutral.matches(name, fields) else {
                throw .unsupported(fields.full(name))
            }
        }
    }
}

extension FieldRules.Neutral {
    fileprivate func matches(_ name: String, _ fields: Fields) -> Bool {
        switch self {
        case .emptyArray: fields.arrayCount(name) == 0
        case .emptyObject: emptyObject(name, fields)
        case .isFalse: (try? fields.optional(name, as: Bool.self)) == false
        case .number(let number): (try? fields.optional(name, as: Double.self)) == number
        case .oneOf(let values): values.contains { $0 == (try? fields.optional(name, as: String.self)) }
        case .textFormat: (try? fields.optional(name, as: [String: String].self)) == ["type": "text"]
        case .textOnly: fields.arrayCount(name) == 1 && (try? fields.optional(name, as: [String].self)) == ["text"]
        }
    }

    private func emptyObject(_ name: String, _ fields: Fields) -> Bool {
        let object = try? fields.container.nestedContainer(keyedBy: FieldName.self, forKey: FieldName(name))
        return object?.allKeys.isEmpty == true
    }
}
