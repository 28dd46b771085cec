/// What happens to a field that is not read: taken when it cannot change the answer, else refused by name, so that
/// nobody gets an answer to another question than the one asked.
///
/// A name that nobody knows is refused too.
struct FieldRules {
    /// The one value of an unsupported field that asks for nothing.
    enum Neutral {
        case emptyArray
        case isFalse
        case isTrue
        case number(Double)
        case oneOf([String])
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
        "frequency_penalty", "grammar", "logit_bias", "logprobs", "max_completion_tokens", "max_tokens", "min_p",
        "model",
        "presence_penalty", "repeat_penalty", "repetition_penalty", "response_format", "seed", "stop", "stream",
        "stream_options", "temperature", "top_k", "top_p",
    ]

    static let chat = FieldRules(
        read: sampling.union(["messages", "top_logprobs"]),
        neutral: [
            "function_call": .oneOf(["none", "auto"]), "functions": .emptyArray, "modalities": .textOnly,
            "n": .number(1),
            "tool_choice": .oneOf(["none", "auto"]), "tools": .emptyArray,
        ]
    )

    static let completion = FieldRules(
        read: sampling.subtracting(["max_completion_tokens"]).union(["prompt"]),
        neutral: [
            "best_of": .number(1), "echo": .isFalse, "n": .number(1), "suffix": .oneOf([""]),
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
        case .isFalse: (try? fields.optional(name, as: Bool.self)) == false
        case .isTrue: (try? fields.optional(name, as: Bool.self)) == true
        case .number(let number): (try? fields.optional(name, as: Double.self)) == number
        case .oneOf(let values): values.contains { $0 == (try? fields.optional(name, as: String.self)) }
        case .textOnly: fields.arrayCount(name) == 1 && (try? fields.optional(name, as: [String].self)) == ["text"]
        }
    }
}
