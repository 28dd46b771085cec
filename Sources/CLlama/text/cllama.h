#pragma once

// What the engine has in C++ only: JSON schemas as grammars, matching text against a grammar, chat templates in Jinja.
// Built together with the engine into libgatehouse-llama (scripts/lib/llama.sh), since the headers that it needs are not
// installed.
//
// No call throws, aborts, or takes more than a bounded time or memory whatever its input: what cannot be done comes back
// as NULL or a negative number. `error`, where there is one, is then a text that says why; who asked frees it.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <llama.h>

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

/// Frees a text that a call here has given.
void cllama_text_free(char * text);

/// The grammar, in GBNF, of the values that a JSON schema describes. With `strict`, a keyword that the grammar cannot hold
/// to is an error; without, it is left out of the grammar.
char * cllama_schema_grammar(const char * schema, size_t size, bool strict, char ** error);

/// A grammar that was read; never changes, so that threads may share it.
typedef struct cllama_grammar cllama_grammar;

/// Reads GBNF whose first symbol is `root`.
cllama_grammar * cllama_grammar_new(const char * text, size_t size, char ** error);
void cllama_grammar_free(cllama_grammar * grammar);

/// The texts of a model's tokens, ordered for matching; never changes.
typedef struct cllama_vocabulary cllama_vocabulary;

cllama_vocabulary * cllama_vocabulary_new(const struct llama_vocab * vocab);
void cllama_vocabulary_free(cllama_vocabulary * vocabulary);

/// Where one answer is in its grammar. Borrows both of what it is made of; for one thread at a time.
typedef struct cllama_match cllama_match;

cllama_match * cllama_match_new(const cllama_grammar * grammar, const cllama_vocabulary * vocabulary);
void cllama_match_free(cllama_match * match);

enum {
    /// The grammar leaves more ways open than are followed.
    CLLAMA_TOO_AMBIGUOUS = -1,
    /// There is no memory, or something else that no grammar is to blame for.
    CLLAMA_FAILED = -2,
};

/// 1 where the token may come next, 0 where it may not; else negative.
int cllama_match_allows(cllama_match * match, llama_token token);

/// Makes every token impossible that may not come next; how many are left, or negative.
int64_t cllama_match_mask(cllama_match * match, struct llama_token_data * tokens, size_t count);

/// Goes on behind a token; 1, or 0 where it may not come next, or negative.
int cllama_match_accept(cllama_match * match, llama_token token);

/// A model's chat template, in Jinja.
typedef struct cllama_template cllama_template;

/// The model gives the texts of its first and last tokens; NULL leaves them empty.
cllama_template * cllama_template_new(const struct llama_model * model, const char * text, char ** error);
void cllama_template_free(cllama_template * chat_template);

/// The text that asks the model for the next turn; without the first token's text where the model adds that token itself.
char * cllama_template_render(
    const cllama_template * chat_template, const struct llama_chat_message * messages, size_t count, char ** error);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
