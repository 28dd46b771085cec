#if Llama
    import CLlama

    /// What the header of a loaded model says of it.
    ///
    /// Safe because the pointer never leaves the struct, which lives no longer than the call it is made for.
    @safe
    struct ModelHeader {
        /// How the vectors of a text's tokens become one, as the header numbers it.
        private enum Pooling {
            static let none = 0
            static let rank = 4
        }

        private let pointer: OpaquePointer

        init(_ pointer: OpaquePointer) {
            unsafe self.pointer = pointer
        }

        /// - Throws: for kinds that are not served.
        func kind() throws(EngineFailure) -> ModelKind {
            let pooling = number("pooling_type") ?? Pooling.none
            if pooling == Pooling.rank { throw .notServed("ranks or classifies texts") }
            if unsafe llama_model_is_diffusion(pointer) { throw .notServed("does not write from left to right") }
            let hasDecoder = unsafe llama_model_has_decoder(pointer)
            if hasDecoder, unsafe llama_model_has_encoder(pointer) { return .encoderDecoder }
            if pooling != Pooling.none { return .embedding }
            // Every token sees all others: no answer can be written by that, and no vector is told how to be made.
            if !hasDecoder || text("attention.causal") == "false" { throw .noPooling(key: name(of: "pooling_type")) }
            return .decoder
        }

        /// A number under the name of the file's architecture.
        func number(_ key: String) -> Int? { text(key).flatMap { Int($0) } }

        private func text(_ key: String) -> String? { value(name(of: key)) }

        private func name(of key: String) -> String { "\(value("general.architecture") ?? "").\(key)" }

        private func value(_ key: String) -> String? {
            var buffer = [CChar](repeating: 0, count: 128)
            let count = unsafe llama_model_meta_val_str(pointer, key, &buffer, buffer.count)
            guard count > 0 else { return nil }
            return String(decoding: buffer.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
#endif
