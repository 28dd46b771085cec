import Testing

@testable import Llama

@Suite struct DefaultSystemPromptTests {
    @Test func `a template's own system message is found`() {
        let template =
            "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
            + "{{ '<|im_start|>system\\nYou help.\\nAlways.<|im_end|>\\n' }}{% endif %}{{'<|im_start|>'}}"
        #expect(DefaultSystemPrompt.find(in: template) == "You help.\nAlways.")
    }

    @Test func `a template without one has none`() {
        let template = "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n'}}{% endfor %}"
        #expect(DefaultSystemPrompt.find(in: template) == nil)
    }

    @Test func `a system message outside the condition is not taken`() {
        let template =
            "{% if messages[0]['role'] != 'system' %}{{ 'x' }}{% endif %}"
            + "{{ '<|im_start|>system\\nTools follow.<|im_end|>\\n' }}"
        #expect(DefaultSystemPrompt.find(in: template) == nil)
    }
}
