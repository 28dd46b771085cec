#if Llama
    import CLlama
    import GatewayAPI

    /// The weights and the vocabulary of one GGUF file.
    ///
    /// Safe because the pointers are private, never escape and die with their one owner.
    @safe
    final class Model {
        let pointer: OpaquePointer
        let vocabulary: OpaquePointer
        /// Made when the first grammar needs it.
        private var tree: TokenTree?
        /// Made when the first context needs it.
        private var pool: ThreadPool?
        let kind: ModelKind
        /// Bytes of the longest token.
        private let longestPiece: Int
        /// Whether words that are not known, and spaces, are merged into less than what they are.
        private let mergesText: Bool
        private let takesHangulApart: Bool

        /// Where the options say.
        convenience init(_ options: EngineOptions) throws(EngineFailure) {
            try self.init(path: options.modelPath, gpuLayers: options.gpuLayers, devices: options.devices)
        }

        init(path: String, gpuLayers: Int, devices: ModelDevices = .all) throws(EngineFailure) {
            guard let pointer = unsafe try Self.load(path, gpuLayers, devices),
                let vocabulary = unsafe llama_model_get_vocab(pointer)
            else { throw .modelUnreadable(path: path) }
            unsafe self.pointer = pointer
            unsafe self.vocabulary = vocabulary
            longestPiece = unsafe Self.longestPiece(vocabulary)
            let type = unsafe llama_vocab_type(vocabulary)
            mergesText = type == LLAMA_VOCAB_TYPE_WPM || type == LLAMA_VOCAB_TYPE_UGM
            takesHangulApart = unsafe type == LLAMA_VOCAB_TYPE_WPM && !Self.hasSyllables(vocabulary)
            kind = try unsafe ModelHeader(pointer).kind()
        }

        deinit { unsafe llama_model_free(pointer) }

        /// What its contexts are computed with, one at a time.
        func threadPool(_ threads: Int) -> ThreadPool? {
            if pool == nil { pool = ThreadPool(threads: threads) }
            return pool
        }

        private static func load(_ path: String, _ gpuLayers: Int, _ devices: ModelDevices) throws(EngineFailure)
            -> OpaquePointer?
        {
            var places = unsafe try Runtime.places(devices, gpuLayers: gpuLayers)
            var parameters = unsafe llama_model_default_params()
            unsafe parameters.n_gpu_layers = Int32(clamping: gpuLayers)
            // Several get whole layers each; one gets all.
            if devices.names.count == 1 { unsafe parameters.split_mode = LLAMA_SPLIT_MODE_NONE }
            // The engine copies what it needs of both lists before it returns.
            let isGiven = unsafe places.devices != nil
            var list = unsafe places.devices ?? []
            return unsafe list.withUnsafeMutableBufferPointer { list in
                unsafe places.parts.withUnsafeMutableBufferPointer { parts in
                    if isGiven { unsafe parameters.devices = list.baseAddress }
                    if !parts.isEmpty { unsafe parameters.tensor_split = UnsafePointer(parts.baseAddress) }
                    return unsafe llama_model_load_from_file(path, parameters)
                }
            }
        }

        /// Numbers of one text's vector.
        var vectorSize: Int { Int(unsafe llama_model_n_embd_out(pointer)) }

        /// What an encoder-decoder's answer begins with.
        var startToken: Int32 {
            let token = unsafe llama_model_decoder_start_token(pointer)
            return token == LLAMA_TOKEN_NULL ? unsafe llama_vocab_bos(vocabulary) : token
        }

        var trainedContext: Int { Int(unsafe llama_model_n_ctx_train(pointer)) }

        /// Bytes that a sequence of so many tokens takes in a context, at least: where layers keep less than all of it, or
        /// none, they are counted as if all did.
        func cacheSize(tokens: Int) -> Int {
            guard unsafe !llama_model_is_recurrent(pointer), unsafe !llama_model_is_hybrid(pointer) else { return 0 }
            let (window, layers) = unsafe (Int(llama_model_n_swa(pointer)), Int(llama_model_n_layer(pointer)))
            let heads = unsafe Int(llama_model_n_head_kv(pointer))
            let head = unsafe Int(llama_model_n_embd(pointer)) / max(1, unsafe Int(llama_model_n_head(pointer)))
            let kept = window > 0 ? min(window, tokens) : tokens
            let header = unsafe ModelHeader(pointer)
            let keys = header.number("attention.key_length") ?? head
            let width = keys + (header.number("attention.value_length") ?? head)
            // Two bytes each.
            return kept * layers * heads * width * 2
        }

        /// How a sequence's memory can be copied: that of some models has a state that cannot be shortened, and that of a
        /// decoder with an encoder follows from the text that was read for it.
        func copying(context: Int) -> PrefixCache.Copying {
            if kind == .encoderDecoder { return .nothingKept }
            return canForgetLast ? .whole(context: context) : .never
        }

        /// Whether a sequence's memory is a list of tokens, all of them there, of which the last can be taken off.
        var canForgetLast: Bool {
            unsafe kind != .encoderDecoder && !llama_model_is_recurrent(pointer) && !llama_model_is_hybrid(pointer)
                && llama_model_n_swa(pointer) == 0
        }

        func isEnd(_ token: Int32) -> Bool { unsafe llama_vocab_is_eog(vocabulary, token) }

        /// The text's tokens; marks such as `<|im_start|>` in it are read as marks, since that is how templates write
        /// them.
        func tokens(of text: String) -> [Int32]? {
            let text = takesHangulApart ? HangulText.apart(text) : text
            let bytes = text.utf8.map { CChar(bitPattern: $0) }
            guard let size = Int32(exactly: bytes.count) else { return nil }
            // Never more tokens than bytes, but for what the model wants at the ends.
            var tokens = [Int32](repeating: 0, count: bytes.count + 8)
            let count = unsafe llama_tokenize(vocabulary, bytes, size, &tokens, Int32(tokens.count), true, true)
            return count >= 0 ? Array(tokens.prefix(Int(count))) : nil
        }

        /// A token's bytes, which may be half a character; marks have none.
        func piece(of token: Int32) -> [UInt8] { unsafe Self.piece(vocabulary, token) }

        /// A token's bytes in an answer: one that is a text of its own, and goes on with none, does not begin with the space
        /// that its first word carries.
        func piece(of token: Int32, isFirst: Bool) -> [UInt8] {
            let bytes = piece(of: token)
            guard isFirst, kind == .encoderDecoder, bytes.first == UInt8(ascii: " ") else { return bytes }
            return Array(bytes.dropFirst())
        }

        /// A token's bytes as somebody reads them who looks at tokens: marks have theirs too.
        func spelling(of token: Int32) -> [UInt8] { unsafe Self.piece(vocabulary, token, marks: true) }

        var vocabularySize: Int { Int(unsafe llama_vocab_n_tokens(vocabulary)) }

        func tokenTree() throws(EngineFailure) -> TokenTree {
            if let tree { return tree }
            let made = try unsafe TokenTree(vocabulary)
            tree = made
            return made
        }

        private static func piece(_ vocabulary: OpaquePointer, _ token: Int32, marks: Bool = false) -> [UInt8] {
            var buffer = [CChar](repeating: 0, count: 64)
            var count = unsafe llama_token_to_piece(vocabulary, token, &buffer, Int32(buffer.count), 0, marks)
            if count < 0 {
                // Negative: the size that is needed.
                buffer = [CChar](repeating: 0, count: Int(-count))
                count = unsafe llama_token_to_piece(vocabulary, token, &buffer, Int32(buffer.count), 0, marks)
            }
            return buffer.prefix(max(0, Int(count))).map { UInt8(bitPattern: $0) }
        }

        /// Bytes, spaces aside, of the longest text whose tokens are counted.
        static let longestText = 1 << 18

        /// Whether a text's tokens are counted: tokenizers that merge may make one of megabytes, and take seconds and hundreds
        /// of megabytes for it.
        func isReadable(_ text: String) -> Bool {
            !mergesText || text.utf8.count <= Self.longestText || WordCount.visible(in: text) <= Self.longestText
        }

        /// Tokens that a text has at least, told without reading it.
        func leastTokens(of text: String) -> Int {
            guard mergesText else { return text.utf8.count / longestPiece }
            // Shorter ones are read in no time: better the whole number.
            return text.utf8.count < 1 << 16 ? 0 : WordCount.least(in: text)
        }

        private static func hasSyllables(_ vocabulary: OpaquePointer) -> Bool {
            (0..<(unsafe llama_vocab_n_tokens(vocabulary))).contains { token in
                guard let text = unsafe llama_vocab_get_text(vocabulary, token) else { return false }
                return unsafe HangulText.hasSyllables(String(cString: text))
            }
        }

        private static func longestPiece(_ vocabulary: OpaquePointer) -> Int {
            let count = unsafe llama_vocab_n_tokens(vocabulary)
            // Marks are not printed but are written out in a prompt, so their spelling counts.
            return (0..<count).reduce(1) { longest, token in
                let spelling =
                    unsafe llama_vocab_get_text(vocabulary, token).map { unsafe String(cString: $0).utf8.count } ?? 0
                return max(longest, spelling, unsafe piece(vocabulary, token).count)
            }
        }
    }
#endif
