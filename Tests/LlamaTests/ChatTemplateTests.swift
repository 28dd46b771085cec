#if Llama
    import GatewayAPI
    import Testing

    @testable import Llama

    @Suite struct ChatTemplateTests {
        private static let plain =
            "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content']"
            + " + '<|im_end|>' + '\\n'}}"
            + "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"

        private static let withSystem = plain.replacing(
            "{% for message in messages %}",
            with: "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
                + "{{ '<|im_start|>system\\nYou help<|im_end|>\\n' }}{% endif %}"
        )

        @Test func `a conversation is written in the model's own way`() throws {
            let template = try ChatTemplate(Self.plain)
            let text = template.apply([
                ChatMessage(.user, "Hi"), ChatMessage(.assistant, "Yo"), ChatMessage(.user, "né?"),
            ])
            let turns = ["user\nHi", "assistant\nYo", "user\nné?"].map { "<|im_start|>\($0)<|im_end|>\n" }
            #expect(text == turns.joined() + "<|im_start|>assistant\n")
        }

        @Test func `a template's own system message is added where the conversation has none`() throws {
            let template = try ChatTemplate(Self.withSystem)
            #expect(
                template.apply([ChatMessage(.user, "Hi")])?.hasPrefix("<|im_start|>system\nYou help<|im_end|>\n")
                    == true
            )
            let own = template.apply([ChatMessage(.system, "Be brief"), ChatMessage(.user, "Hi")])
            #expect(own?.hasPrefix("<|im_start|>system\nBe brief<|im_end|>\n<|im_start|>user") == true)
        }

        @Test func `a template that the engine does not know is refused`() {
            #expect(throws: EngineFailure.unknownTemplate) { _ = try ChatTemplate("{{ messages | my_own_filter }}") }
        }

        @Test func `a long conversation is written whole`() throws {
            let long = String(repeating: "word ", count: 20_000)
            #expect(try ChatTemplate(Self.plain).apply([ChatMessage(.user, long)])?.contains(long) == true)
        }
    }
#endif
