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
            let text = try template.apply([
                ChatMessage(.user, "Hi"), ChatMessage(.assistant, "Yo"), ChatMessage(.user, "né?"),
            ])
            let turns = ["user\nHi", "assistant\nYo", "user\nné?"].map { "<|im_start|>\($0)<|im_end|>\n" }
            #expect(text == turns.joined() + "<|im_start|>assistant\n")
        }

        @Test func `a template's own system message is added where the conversation has none`() throws {
            let template = try ChatTemplate(Self.withSystem)
            #expect(
                try template.apply([ChatMessage(.user, "Hi")]).hasPrefix("<|im_start|>system\nYou help<|im_end|>\n")
            )
            let own = try template.apply([ChatMessage(.system, "Be brief"), ChatMessage(.user, "Hi")])
            #expect(own.hasPrefix("<|im_start|>system\nBe brief<|im_end|>\n<|im_start|>user"))
        }

        @Test(arguments: ["{{ messages | my_own_filter }}", "{% for x in %}", "", "{{ raise_exception('never') }}"])
        func `a template that cannot be rendered is refused`(text: String) {
            #expect(throws: EngineFailure.unknownTemplate) { _ = try ChatTemplate(text) }
        }

        @Test func `a template that no engine knows by its looks is run as Jinja`() throws {
            let template = try ChatTemplate(
                """
                {%- macro turn(name, text) -%}[{{ name | upper }}: {{ text | trim }}]{%- endmacro -%}
                {%- set ns = namespace(turns=0) -%}
                {%- for message in messages -%}
                {%- if message.role == 'user' %}{% set ns.turns = ns.turns + 1 %}{% endif -%}
                {{ turn(message['role'], message['content']) }}
                {%- endfor -%}
                {%- if add_generation_prompt %}[ASSISTANT {{ ns.turns }}: {% endif -%}
                """
            )
            let text = try template.apply([
                ChatMessage(.system, "Brief."), ChatMessage(.user, " Hi "), ChatMessage(.assistant, "Yo"),
                ChatMessage(.user, "né? {{ 7 }}"),
            ])
            #expect(text == "[SYSTEM: Brief.][USER: Hi][ASSISTANT: Yo][USER: né? {{ 7 }}][ASSISTANT 2: ")
        }

        @Test func `a template that refuses a conversation says why`() throws {
            let template = try ChatTemplate(
                "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
                    + "{{ raise_exception('Roles must alternate') }}{% endif %}<{{ m.content }}>{% endfor %}"
            )
            #expect(try template.apply([ChatMessage(.user, "a")]) == "<a>")
            #expect(throws: EngineFailure.self) {
                try template.apply([ChatMessage(.user, "a"), ChatMessage(.user, "b")])
            }
            do throws(EngineFailure) {
                _ = try template.apply([ChatMessage(.user, "a"), ChatMessage(.user, "b")])
            } catch {
                #expect(error.message.contains("Roles must alternate"))
            }
        }

        @Test func `a long conversation is written whole`() throws {
            let long = String(repeating: "word ", count: 20_000)
            #expect(try ChatTemplate(Self.plain).apply([ChatMessage(.user, long)]).contains(long))
        }
    }
#endif
