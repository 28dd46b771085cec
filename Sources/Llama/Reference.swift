import GatewayAPI

#if Llama
    import CLlama
#endif

/// The plainest way to ask a model: one request, one token per step, no slots, no server.
///
/// What the server says is compared with this.
package enum Reference {
    package static func answer(_ prompt: String, maxTokens: Int, _ options: EngineOptions) throws(EngineFailure)
        -> String
    {
        let pieces = try answers([prompt], maxTokens: maxTokens, options).joined()
        return String(decoding: pieces.joined(), as: UTF8.self)
    }

    /// The answers to messages of a user, token by token: each one's bytes.
    package static func answers(_ prompts: [String], maxTokens: Int, _ options: EngineOptions) throws(EngineFailure)
        -> [[[UInt8]]]
    {
        #if Llama
            let devices = Runtime.used(options, of: try Runtime.load(options.backendDirectory))
            let model = try Model(options)
            guard model.kind != .embedding else { throw .wrongKind(model.kind) }
            let limit = options.context ?? min(model.trainedContext, EngineOptions.defaultContextLimit)
            let reader = PromptReader(model: model, template: try ChatTemplate.find(in: model), context: limit)
            let step = model.kind == .encoderDecoder ? limit : Schedule.Budget.fitting(devices: devices).step
            let context = try Context(model, slots: 1, tokens: limit, step: step, threads: options.threads)
            var answers: [[[UInt8]]] = []
            for prompt in prompts {
                let tokens = try reader.read(.chat([ChatMessage(.user, prompt)]))
                let hasEncoder = model.kind == .encoderDecoder
                context.forgetAll()
                if hasEncoder { try encode(tokens, context) }
                let start = hasEncoder ? [model.startToken] : tokens
                answers.append(try generate(start, upTo: min(maxTokens, limit - start.count), model, context, step))
            }
            return answers
        #else
            throw .notBuiltIn
        #endif
    }

    #if Llama
        private static func encode(_ tokens: [Int32], _ context: Context) throws(EngineFailure) {
            var batch = Batch(capacity: tokens.count)
            batch.fill(tokens.enumerated().map { .init(slot: 0, token: $1, position: $0, wantsOutput: true) })
            try context.encode(batch)
        }

        private static func generate(
            _ prompt: [Int32],
            upTo count: Int,
            _ model: Model,
            _ context: Context,
            _ step: Int
        ) throws(EngineFailure) -> [[UInt8]] {
            var batch = Batch(capacity: step)
            // The engine's own.
            let sampler = unsafe llama_sampler_init_greedy()
            defer { unsafe llama_sampler_free(sampler) }
            for start in stride(from: 0, to: prompt.count, by: step) {
                let part = start..<min(start + step, prompt.count)
                batch.fill(
                    part.map { .init(slot: 0, token: prompt[$0], position: $0, wantsOutput: $0 == prompt.count - 1) }
                )
                if part.upperBound < prompt.count { try context.decode(batch) }
            }
            var pieces: [[UInt8]] = []
            for index in 0..<count {
                try context.decode(batch)
                let token = unsafe llama_sampler_sample(sampler, context.pointer, -1)
                if model.isEnd(token) { break }
                pieces.append(model.piece(of: token, isFirst: index == 0))
                batch.fill([.init(slot: 0, token: token, position: prompt.count + index, wantsOutput: true)])
            }
            return pieces
        }
    #endif
}
