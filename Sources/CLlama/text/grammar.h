#pragma once

#include <cstdint>

#include "llama-grammar.h"

/// Rules by number, as the engine's own reader makes them.
struct cllama_grammar {
    llama_grammar_rules rules;
    uint32_t root = 0;
};

/// Whether an element ends one alternative of its rule.
inline bool ends_alternative(const llama_grammar_element & element) {
    return element.type == LLAMA_GRETYPE_END || element.type == LLAMA_GRETYPE_ALT;
}
