#if Llama
    import CLlama
    import GatewayAPI

    /// The model's own way to write a conversation as one text.
    ///
    /// Templates that the engine knows by their looks are applied by its plain code; all others are Jinja.
    struct ChatTemplate {
        private enum Kind {
            case known(String, systemPrompt: String?)
            case jinja(JinjaTemplate)
        }

        private let kind: Kind

        /// Nil for a model without one.
        static func find(in model: Model) throws(EngineFailure) -> ChatTemplate? {
            guard let text = unsafe llama_model_chat_template(model.pointer, nil) else { return nil }
            return try ChatTemplate(unsafe String(cString: text), model)
        }

        /// A template that cannot be rendered is an error: a conversation written in another model's way would be
        /// answered, only badly.
        init(_ template: String, _ model: Model? = nil) throws(EngineFailure) {
            if KnownTemplate.write([ChatMessage(.user, "?")], template) != nil {
                kind = .known(template, systemPrompt: DefaultSystemPrompt.find(in: template))
            } else {
                let jinja = try JinjaTemplate(template, model)
                // Whatever a template wants of a conversation, this one has.
                do throws(EngineFailure) {
                    _ = try jinja.render([ChatMessage(.user, "?")])
                } catch {
                    throw .unknownTemplate
                }
                kind = .jinja(jinja)
            }
        }

        /// The text that asks the model for the next turn.
        func apply(_ messages: [ChatMessage]) throws(EngineFailure) -> String {
            switch kind {
            case .jinja(let template): return try template.render(messages)
            case .known(let template, let systemPrompt):
                var messages = messages
                if let systemPrompt, messages.first?.role != .system {
                    messages.insert(ChatMessage(.system, systemPrompt), at: 0)
                }
                guard let text = KnownTemplate.write(messages, template) else { throw .unknownTemplate }
                return text
            }
        }
    }

    /// The engine's own list of template families.
    private enum KnownTemplate {
        static func write(_ messages: [ChatMessage], _ template: String) -> String? {
            unsafe CConversation.with(messages) { chat in
                var buffer = [CChar](repeating: 0, count: messages.reduce(1024) { $0 + 2 * $1.content.utf8.count + 32 })
                var size = unsafe apply(template, chat, &buffer)
                if size > buffer.count {
                    buffer = [CChar](repeating: 0, count: size)
                    size = unsafe apply(template, chat, &buffer)
                }
                guard size >= 0 else { return nil }
                return String(decoding: buffer.prefix(size).lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            }
        }

        private static func apply(_ template: String, _ chat: [llama_chat_message], _ buffer: inout [CChar]) -> Int {
            let size = unsafe llama_chat_apply_template(template, chat, chat.count, true, &buffer, Int32(buffer.count))
            return Int(size)
        }
    }

    /// A template that is run.
    ///
    /// Safe because the pointer is private and dies with its one owner.
    @safe
    private final class JinjaTemplate {
        private let pointer: OpaquePointer

        init(_ text: String, _ model: Model?) throws(EngineFailure) {
            var error: UnsafeMutablePointer<CChar>?
            guard let pointer = unsafe cllama_template_new(model?.pointer, text, &error) else {
                _ = unsafe CText.take(error)
                throw .unknownTemplate
            }
            unsafe self.pointer = pointer
        }

        deinit { unsafe cllama_template_free(pointer) }

        /// A template may refuse a conversation, such as two turns of the same side.
        func render(_ messages: [ChatMessage]) throws(EngineFailure) -> String {
            let (text, reason) = unsafe CConversation.with(messages) { chat -> (String?, String) in
                var error: UnsafeMutablePointer<CChar>?
                let text = unsafe cllama_template_render(pointer, chat, chat.count, &error)
                guard let text = unsafe CText.take(text) else { return (nil, unsafe CText.reason(error)) }
                return (text, "")
            }
            guard let text else { throw .refusedField("messages", "the model's chat template says: \(reason)") }
            return text
        }
    }

    /// A conversation as C takes it.
    private enum CConversation {
        /// All strings in one buffer, so that their addresses hold for the whole call.
        static func with<Result>(_ messages: [ChatMessage], _ body: ([llama_chat_message]) -> Result) -> Result {
            let strings = messages.flatMap { [Array($0.role.rawValue.utf8CString), Array($0.content.utf8CString)] }
            let joined = strings.flatMap { $0 }
            return unsafe joined.withUnsafeBufferPointer { buffer in
                var offset = 0
                let pointers = unsafe strings.map { string -> UnsafePointer<CChar>? in
                    defer { offset += string.count }
                    return unsafe buffer.baseAddress?.advanced(by: offset)
                }
                let chat = unsafe messages.indices.map {
                    unsafe llama_chat_message(role: pointers[2 * $0], content: pointers[2 * $0 + 1])
                }
                return unsafe body(chat)
            }
        }
    }
#endif
