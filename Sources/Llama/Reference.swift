import GatewayAPI

/// The plainest way to ask a model: one request, one token per step, no slots, no server.
///
/// What the server says is compared with this.
package enum Reference {
    package static func answer(_ prompt: String, maxTokens: Int, _ options: EngineOptions) throws(EngineFailure)
        -> String
    {
        #if Llama
            let devices = Runtime.used(options, of: try Runtime.load(options.backendDirectory))
            let model = try Model(options)
            guard let template = try ChatTemplate.find(in: model) else { throw .noTemplate }
            let limit = options.context ?? min(model.trainedContext, EngineOptions.defaultContextLimit)
            let tokens = try PromptReader(model: model, template: template, context: limit)
                .read(.chat([ChatMessage(.user, prompt)]))
            let step = Schedule.Budget.fitting(devices: devices).step
            let context = try Context(model, slots: 1, tokens: limit, step: step, threads: options.threads)
            return try generate(tokens, upTo: min(maxTokens, limit - tokens.count), model, context, step)
        #else
            throw .notBuiltIn
        #endif
    }

    #if Llama
        private static func generate(
            _ prompt: [Int32],
            upTo count: Int,
            _ model: Model,
            _ context: Context,
            _ step: Int
        ) throws(EngineFailure) -> String {
            var batch = Batch(capacity: step)
            var greedy = GenerationParameters()
            greedy.temperature = 0
            let sampler = try Sampler(greedy, model)
            for start in stride(from: 0, to: prompt.count, by: step) {
                let part = start..<min(start + step, prompt.count)
                batch.fill(
                    part.map { .init(slot: 0, token: prompt[$0], position: $0, wantsOutput: $0 == prompt.count - 1) }
                )
                if part.upperBound < prompt.count { try context.decode(batch) }
            }
            var bytes: [UInt8] = []
            for index in 0..<count {
                try context.decode(batch)
                let token = try sampler.choose(context, at: -1)
                if model.isEnd(token) { break }
                bytes += model.piece(of: token)
                batch.fill([.init(slot: 0, token: token, position: prompt.count + index, wantsOutput: true)])
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    #endif
}
