#if Llama
    import CLlama
    import GatewayAPI

    /// The model's own way to write a conversation as one text.
    struct ChatTemplate {
        private let template: String
        private let systemPrompt: String?

        /// Nil for a model without one.
        static func find(in model: Model) throws(EngineFailure) -> ChatTemplate? {
            guard let text = unsafe llama_model_chat_template(model.pointer, nil) else { return nil }
            return try ChatTemplate(unsafe String(cString: text))
        }

        /// A template that the engine does not recognise is an error: a conversation written in another model's way
        /// would be answered, only badly.
        init(_ template: String) throws(EngineFailure) {
            self.template = template
            systemPrompt = DefaultSystemPrompt.find(in: template)
            guard apply([ChatMessage(.user, "?")]) != nil else { throw .unknownTemplate }
        }

        /// The text that asks the model for the next turn.
        func apply(_ messages: [ChatMessage]) -> String? {
            var messages = messages
            if let systemPrompt, messages.first?.role != .system {
                messages.insert(ChatMessage(.system, systemPrompt), at: 0)
            }
            return write(messages)
        }

        private func write(_ messages: [ChatMessage]) -> String? {
            let strings = messages.flatMap { [Array($0.role.rawValue.utf8CString), Array($0.content.utf8CString)] }
            return unsafe withPointers(strings) { pointers in
                let chat = unsafe messages.indices.map {
                    unsafe llama_chat_message(role: pointers[2 * $0], content: pointers[2 * $0 + 1])
                }
                var buffer = [CChar](repeating: 0, count: strings.reduce(1024) { $0 + 2 * $1.count })
                var size = unsafe llama_chat_apply_template(
                    template,
                    chat,
                    chat.count,
                    true,
                    &buffer,
                    Int32(buffer.count)
                )
                if size > buffer.count {
                    buffer = [CChar](repeating: 0, count: Int(size))
                    size = unsafe llama_chat_apply_template(
                        template,
                        chat,
                        chat.count,
                        true,
                        &buffer,
                        Int32(buffer.count)
                    )
                }
                guard size >= 0 else { return nil }
                return String(decoding: buffer.prefix(Int(size)).lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            }
        }

        /// All strings in one buffer, so that their addresses hold for the whole call.
        private func withPointers<Result>(
            _ strings: [[CChar]],
            _ body: ([UnsafePointer<CChar>?]) -> Result
        ) -> Result {
            let joined = strings.flatMap { $0 }
            return unsafe joined.withUnsafeBufferPointer { buffer in
                var offset = 0
                let pointers = unsafe strings.map { string -> UnsafePointer<CChar>? in
                    defer { offset += string.count }
                    return unsafe buffer.baseAddress?.advanced(by: offset)
                }
                return unsafe body(pointers)
            }
        }
    }
#endif
