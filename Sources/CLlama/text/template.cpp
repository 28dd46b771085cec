#include <mutex>
#include <stdexcept>
#include <string>

#include "chat.h"
#include "cllama.h"
#include "log.h"
#include "text.h"

struct cllama_template {
    common_chat_templates_ptr templates;
    std::string first;
    bool adds_first = false;
};

namespace {

/// This library's own log goes to the error stream, a line for every rendering; what matters comes back as an error.
void silence() {
    static std::once_flag once;
    std::call_once(once, [] { common_log_set_verbosity_thold(LOG_LEVEL_OUTPUT - 1); });
}

std::string text_of(const llama_vocab * vocab, llama_token token) {
    return token == LLAMA_TOKEN_NULL ? std::string() : common_token_to_piece(vocab, token, true);
}

cllama_template * make(const llama_model * model, const std::string & text) {
    silence();
    // An empty one would be replaced by another model's.
    if (text.empty() || text == "chatml") {
        throw std::runtime_error("the template is empty");
    }
    cllama_template made;
    std::string last;
    if (model != nullptr) {
        const auto * vocab = llama_model_get_vocab(model);
        made.first = text_of(vocab, llama_vocab_bos(vocab));
        last = text_of(vocab, llama_vocab_eos(vocab));
        made.adds_first = llama_vocab_get_add_bos(vocab);
    }
    made.templates = common_chat_templates_init(nullptr, text, made.first, last);
    return new cllama_template(std::move(made));
}

char * render(const cllama_template & chat_template, const llama_chat_message * messages, size_t count) {
    common_chat_templates_inputs inputs;
    for (size_t index = 0; index < count; index++) {
        common_chat_msg message;
        message.role = messages[index].role;
        message.content = messages[index].content;
        inputs.messages.push_back(message);
    }
    inputs.add_generation_prompt = true;
    // Messages are text only here: nothing has to be found out about how the model writes calls of tools.
    inputs.force_pure_content = true;
    auto text = common_chat_templates_apply(chat_template.templates.get(), inputs).prompt;
    if (chat_template.adds_first && !chat_template.first.empty() && text.compare(0, chat_template.first.size(), chat_template.first) == 0) {
        text.erase(0, chat_template.first.size());
    }
    return copy_text(text);
}

}  // namespace

cllama_template * cllama_template_new(const struct llama_model * model, const char * text, char ** error) {
    return guarded(error, [&] { return make(model, text); });
}

void cllama_template_free(cllama_template * chat_template) {
    delete chat_template;
}

char * cllama_template_render(
    const cllama_template * chat_template, const struct llama_chat_message * messages, size_t count, char ** error) {
    return guarded(error, [&] { return render(*chat_template, messages, count); });
}
