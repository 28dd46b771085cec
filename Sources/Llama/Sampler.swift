#if Llama
    import CLlama
    import GatewayAPI

    /// Chooses the next token of one request, as its caller asked; has state, so each request has its own.
    ///
    /// Safe because the chain is private and freed once; it owns the samplers that were added to it.
    @safe
    final class Sampler {
        private let chain: UnsafeMutablePointer<llama_sampler>

        init(_ parameters: GenerationParameters) throws(EngineFailure) {
            guard let chain = unsafe llama_sampler_chain_init(llama_sampler_chain_default_params()) else {
                throw .decodeFailed(code: 0)
            }
            unsafe self.chain = chain
            guard parameters.temperature > 0 else {
                unsafe llama_sampler_chain_add(chain, llama_sampler_init_greedy())
                return
            }
            // Temperature first: the API describes top_p as a share of the probability that is then left.
            unsafe llama_sampler_chain_add(chain, llama_sampler_init_temp(Float(parameters.temperature)))
            if let topK = parameters.topK {
                unsafe llama_sampler_chain_add(chain, llama_sampler_init_top_k(Int32(clamping: topK)))
            }
            if parameters.topP < 1 {
                unsafe llama_sampler_chain_add(chain, llama_sampler_init_top_p(Float(parameters.topP), 1))
            }
            let seed = parameters.seed.map(Self.fold) ?? UInt32.random(in: 0..<UInt32.max)
            unsafe llama_sampler_chain_add(chain, llama_sampler_init_dist(seed))
        }

        deinit { unsafe llama_sampler_free(chain) }

        /// `position` is that of a token in the batch that was just decoded.
        func choose(_ context: Context, at position: Int) -> Int32 {
            unsafe llama_sampler_sample(chain, context.pointer, Int32(position))
        }

        /// The engine's seeds have 32 bits, of which the last value means "any".
        private static func fold(_ seed: Int) -> UInt32 {
            let bits = UInt64(bitPattern: Int64(seed))
            return min(UInt32(truncatingIfNeeded: bits ^ (bits >> 32)), UInt32.max - 1)
        }
    }
#endif
