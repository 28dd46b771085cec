#if Llama
    import CLlama
    import Foundation
    import GatewayAPI

    /// Chooses the next token of one request, as its caller asked; has state, so each request has its own.
    ///
    /// Safe because the chain is private and freed once; it owns the samplers that were added to it.
    @safe
    final class Sampler {
        private let chain: UnsafeMutablePointer<llama_sampler>
        private let model: Model
        private let match: GrammarMatch?
        private var candidates: [llama_token_data] = []
        /// Of one that takes the likeliest token and changes nothing but these logits; `nil` of any other.
        private let onlyBiases: [(token: Int, bias: Float)]?

        /// `prompt` is what a repetition penalty counts beside the answer.
        init(
            _ parameters: GenerationParameters,
            _ model: Model,
            _ grammar: Grammar? = nil,
            prompt: [Int32] = []
        ) throws(EngineFailure) {
            // What may throw first: the chain is freed by `deinit`, which runs for a whole sampler only.
            self.model = model
            match = try grammar.map { (grammar) throws(EngineFailure) in
                try GrammarMatch(grammar, try model.tokenTree())
            }
            onlyBiases =
                parameters.isPlainlyGreedy && grammar == nil
                ? parameters.logitBias.map { (Int($0.key), Float($0.value)) } : nil
            guard let chain = unsafe llama_sampler_chain_init(llama_sampler_chain_default_params()) else {
                throw .decodeFailed(code: 0)
            }
            unsafe self.chain = chain
            // What changes single logits comes first, on what the model said: a bias or a penalty has the same weight
            // whatever the temperature. What cuts off the unlikely comes after the temperature, since the API describes
            // top_p as a share of the probability that is then left; min_p last, so that its share is of the likeliest
            // token that is really in play. A grammar comes before all of them: `choose` says how.
            try addBias(parameters.logitBias)
            addPenalties(parameters, prompt)
            guard parameters.temperature > 0 else {
                unsafe llama_sampler_chain_add(chain, llama_sampler_init_greedy())
                return
            }
            unsafe llama_sampler_chain_add(chain, llama_sampler_init_temp(Float(parameters.temperature)))
            if let topK = parameters.topK {
                unsafe llama_sampler_chain_add(chain, llama_sampler_init_top_k(Int32(clamping: topK)))
            }
            if parameters.topP < 1 {
                unsafe llama_sampler_chain_add(chain, llama_sampler_init_top_p(Float(parameters.topP), 1))
            }
            if parameters.minP > 0 {
                unsafe llama_sampler_chain_add(chain, llama_sampler_init_min_p(Float(parameters.minP), 1))
            }
            let seed = parameters.seed.map(Self.fold) ?? UInt32.random(in: 0..<UInt32.max)
            unsafe llama_sampler_chain_add(chain, llama_sampler_init_dist(seed))
        }

        deinit { unsafe llama_sampler_free(chain) }

        private func addBias(_ biases: [Int32: Double]) throws(EngineFailure) {
            guard !biases.isEmpty else { return }
            guard let largest = biases.keys.max(), Int(largest) < model.vocabularySize,
                !biases.keys.contains(where: { $0 < 0 })
            else {
                let last = model.vocabularySize - 1
                throw .refusedField("logit_bias", "this model's tokens have the numbers 0 to \(last)")
            }
            let list = biases.map { llama_logit_bias(token: $0.key, bias: Float($0.value)) }
            let sampler = unsafe llama_sampler_init_logit_bias(
                Int32(clamping: model.vocabularySize),
                Int32(clamping: list.count),
                list
            )
            unsafe llama_sampler_chain_add(chain, sampler)
        }

        /// Repetition counts the prompt too, as servers that have it do; the API's own two count the answer only.
        private func addPenalties(_ parameters: GenerationParameters, _ prompt: [Int32]) {
            if parameters.repetitionPenalty != 1 {
                let sampler = unsafe penalties(repetition: parameters.repetitionPenalty)
                for token in prompt { unsafe llama_sampler_accept(sampler, token) }
                unsafe llama_sampler_chain_add(chain, sampler)
            }
            if parameters.frequencyPenalty != 0 || parameters.presencePenalty != 0 {
                let sampler = unsafe penalties(
                    frequency: parameters.frequencyPenalty,
                    presence: parameters.presencePenalty
                )
                unsafe llama_sampler_chain_add(chain, sampler)
            }
        }

        private func penalties(repetition: Double = 1, frequency: Double = 0, presence: Double = 0)
            -> UnsafeMutablePointer<llama_sampler>?
        {
            // All that a sequence can hold.
            let window = Int32(clamping: max(model.trainedContext, 1))
            return unsafe llama_sampler_init_penalties(
                Int32(clamping: model.vocabularySize),
                window,
                Float(repetition),
                Float(frequency),
                Float(presence)
            )
        }

        /// `position` is that of a token in the batch that was just decoded.
        func choose(_ context: Context, at position: Int) throws(EngineFailure) -> Int32 {
            if let onlyBiases { return unsafe likeliest(try logits(context, position), onlyBiases) }
            guard let match else { return unsafe llama_sampler_sample(chain, context.pointer, Int32(position)) }
            return try choose(context, at: position, match)
        }

        /// The first of the likeliest tokens, as the engine's own sampler chooses, without a list of all of them: that takes
        /// longer than everything else between two steps.
        private func likeliest(
            _ logits: UnsafeMutablePointer<Float>,
            _ biases: [(token: Int, bias: Float)]
        ) -> Int32 {
            let before = biases.map { unsafe logits[$0.token] }
            for (token, bias) in biases { unsafe logits[token] += bias }
            defer { for (index, value) in before.enumerated() { unsafe logits[biases[index].token] = value } }
            let count = model.vocabularySize
            var greatest = SIMD16<Float>(repeating: -.infinity)
            let whole = count / SIMD16<Float>.scalarCount * SIMD16<Float>.scalarCount
            let bytes = UnsafeRawPointer(logits)
            for index in stride(from: 0, to: whole, by: SIMD16<Float>.scalarCount) {
                let next = unsafe bytes.loadUnaligned(
                    fromByteOffset: index * MemoryLayout<Float>.stride,
                    as: SIMD16<Float>.self
                )
                greatest.replace(with: next, where: next .> greatest)
            }
            var most = greatest.max()
            for index in whole..<count { most = max(most, unsafe logits[index]) }
            return Int32((0..<count).first { unsafe logits[$0] == most } ?? 0)
        }

        /// Most tokens that a model wants to write fit the grammar, and to look at one is cheap; only when one does not,
        /// all are looked at, and those that do not fit are out before anything else is done.
        private func choose(_ context: Context, at position: Int, _ match: GrammarMatch) throws(EngineFailure) -> Int32
        {
            let logits = try unsafe logits(context, position)
            unsafe fill(logits)
            var token = try pick()
            if try !match.allows(token) {
                unsafe fill(logits)
                guard try match.mask(&candidates) else { throw .grammarImpossible }
                token = try pick()
            }
            try match.accept(token)
            unsafe llama_sampler_accept(chain, token)
            return token
        }

        private func pick() throws(EngineFailure) -> Int32 {
            let token = unsafe candidates.withUnsafeMutableBufferPointer { buffer -> Int32? in
                var array = unsafe llama_token_data_array(
                    data: buffer.baseAddress,
                    size: buffer.count,
                    selected: -1,
                    sorted: false
                )
                unsafe llama_sampler_apply(chain, &array)
                guard unsafe array.selected >= 0, unsafe Int(array.selected) < array.size else { return nil }
                return unsafe array.data[Int(array.selected)].id
            }
            guard let token else { throw .grammarImpossible }
            return token
        }

        private func fill(_ logits: UnsafePointer<Float>) {
            candidates.removeAll(keepingCapacity: true)
            candidates.reserveCapacity(model.vocabularySize)
            for token in 0..<model.vocabularySize {
                candidates.append(llama_token_data(id: Int32(token), logit: unsafe logits[token], p: 0))
            }
        }

        private func logits(_ context: Context, _ position: Int) throws(EngineFailure) -> UnsafeMutablePointer<Float> {
            guard let logits = unsafe llama_get_logits_ith(context.pointer, Int32(position)) else {
                throw .decodeFailed(code: 0)
            }
            return unsafe logits
        }

        /// The engine's seeds have 32 bits, of which the last value means "any".
        private static func fold(_ seed: Int) -> UInt32 {
            let bits = UInt64(bitPattern: Int64(seed))
            return min(UInt32(truncatingIfNeeded: bits ^ (bits >> 32)), UInt32.max - 1)
        }
    }

    extension Sampler {
        /// How likely the model held a token that was chosen, and which others it held likely.
        func logprob(of token: Int32, beside count: Int, _ context: Context, at position: Int) throws(EngineFailure)
            -> TokenLogprob
        {
            let logits = unsafe UnsafeBufferPointer(start: try logits(context, position), count: model.vocabularySize)
            let best = unsafe likeliest(count, logits)
            let largest = unsafe logits.reduce(-Float.infinity) { max($0, $1) }
            let sum = unsafe logits.reduce(0.0) { $0 + Double(exp($1 - largest)) }
            let total = Double(largest) + log(sum)
            func candidate(_ token: Int32) -> TokenLogprob.Candidate {
                .init(bytes: model.spelling(of: token), logprob: Double(unsafe logits[Int(token)]) - total)
            }
            return TokenLogprob(chosen: candidate(token), top: best.map(candidate))
        }

        private func likeliest(_ count: Int, _ logits: UnsafeBufferPointer<Float>) -> [Int32] {
            guard count > 0 else { return [] }
            var best: [(token: Int32, logit: Float)] = []
            for token in logits.indices {
                let logit = unsafe logits[token]
                if best.count == count, let last = best.last, logit <= last.logit { continue }
                let place = best.firstIndex { $0.logit < logit } ?? best.count
                best.insert((Int32(token), logit), at: place)
                if best.count > count { best.removeLast() }
            }
            return best.map(\.token)
        }
    }

    extension GenerationParameters {
        /// Whether the likeliest token is taken, and nothing of what was written before makes another likelier.
        fileprivate var isPlainlyGreedy: Bool {
            temperature <= 0 && repetitionPenalty == 1 && frequencyPenalty == 0 && presencePenalty == 0
        }
    }
#endif
