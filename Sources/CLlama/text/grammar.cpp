#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "cllama.h"
#include "grammar.h"
#include "text.h"

namespace {

// Bytes of a grammar; one made of a schema may be longer than what it was made of.
constexpr size_t longest = 256 * 1024;
// The reader calls itself for every bracket.
constexpr int deepest = 200;
// The reader takes more as no bound at all.
constexpr size_t most_times = 2000;
// Elements that repetitions may make: the reader writes each one out.
constexpr size_t most_elements = 2 * 1024 * 1024;

/// Looks at what the reader would take without a bound: brackets in brackets, repetitions of long items; and at references
/// to tokens, which need a vocabulary.
class Inspection {
  public:
    explicit Inspection(const std::string & text) : text(text) {}

    void run() {
        while (at < text.size()) {
            step();
        }
    }

  private:
    const std::string & text;
    size_t at = 0;
    int depth = 0;
    size_t elements = 0;
    // Elements of the item that a repetition would repeat now; one that was repeated has become longer.
    size_t item = 1;

    void step() {
        const auto start = at;
        const char character = text[at++];
        switch (character) {
            case '#': skip_past('\n'); break;
            case '"': skip_literal('"'); item = at - start; break;
            case '[': skip_literal(']'); item = at - start; break;
            case '(':
                if (++depth > deepest) {
                    throw std::runtime_error("its brackets are nested too deeply");
                }
                break;
            // What was in brackets is a rule of its own.
            case ')': depth = std::max(0, depth - 1); item = 1; break;
            case '{': repetition(); break;
            case '*': case '+': case '?': repeat(1); break;
            case ' ': case '\t': case '\r': case '\n': case '}': break;
            case '<': case '!': throw std::runtime_error("it names tokens, which is not supported here: write their text");
            default: item = 1; break;
        }
    }

    // The reader writes each time out, and an element that leads to the rest.
    void repeat(size_t times) {
        item = times * item + 1;
        elements += item;
        if (times > most_times || elements > most_elements) {
            throw std::runtime_error("its repetitions are too long: at most " + std::to_string(most_times) + " times");
        }
    }

    void skip_past(char end) {
        while (at < text.size() && text[at] != end) {
            at++;
        }
    }

    void skip_literal(char end) {
        while (at < text.size() && text[at] != end) {
            at += text[at] == '\\' ? 2 : 1;
        }
        at++;
    }

    void repetition() {
        // Out of order the reader would count down from zero.
        std::vector<size_t> bounds(1);
        for (; at < text.size() && text[at] != '}'; at++) {
            const char character = text[at];
            if (character == ',') {
                bounds.push_back(0);
            } else if (character >= '0' && character <= '9') {
                bounds.back() = std::min<size_t>(bounds.back() * 10 + static_cast<size_t>(character - '0'), most_times + 1);
            } else if (character != ' ' || bounds.size() > 2) {
                throw std::runtime_error("a repetition must be written {m}, {m,} or {m,n}");
            }
        }
        const bool is_open = bounds.size() == 2 && text[at - 1] == ',';
        if (!is_open && bounds.back() < bounds.front()) {
            throw std::runtime_error("a repetition's first bound must not be above its second");
        }
        repeat(std::max(bounds.front(), bounds.back()));
    }
};

/// Says which rules can be empty, and whether one can begin with itself, in time proportional to the grammar.
class LeftRecursion {
  public:
    explicit LeftRecursion(const llama_grammar_rules & rules) : rules(rules), empty(rules.size()) { find_empty(); }

    bool found() const {
        // Depth first without calls: a chain of rules may be long.
        enum Colour : char { white, grey, black };
        std::vector<Colour> colours(rules.size(), white);
        std::vector<std::pair<size_t, size_t>> path;
        for (size_t start = 0; start < rules.size(); start++) {
            if (colours[start] != white) {
                continue;
            }
            path.emplace_back(start, 0);
            colours[start] = grey;
            while (!path.empty()) {
                auto & [rule, position] = path.back();
                const auto next = first_reference(rule, position);
                if (next == rules[rule].size()) {
                    colours[rule] = black;
                    path.pop_back();
                    continue;
                }
                position = next + 1;
                const auto target = rules[rule][next].value;
                if (colours[target] == grey) {
                    return true;
                }
                if (colours[target] == white) {
                    colours[target] = grey;
                    path.emplace_back(target, 0);
                }
            }
        }
        return false;
    }

  private:
    const llama_grammar_rules & rules;
    std::vector<bool> empty;

    struct Alternative {
        size_t rule;
        size_t missing = 0;
    };

    void find_empty() {
        std::vector<Alternative> alternatives;
        std::vector<std::vector<size_t>> waiting(rules.size());
        std::vector<size_t> ready;
        const auto settle = [&](size_t rule) {
            if (!empty[rule]) {
                empty[rule] = true;
                ready.push_back(rule);
            }
        };
        for (size_t rule = 0; rule < rules.size(); rule++) {
            std::vector<size_t> references;
            bool has_text = false;
            for (const auto & element : rules[rule]) {
                if (ends_alternative(element)) {
                    if (!has_text && references.empty()) {
                        settle(rule);
                    } else if (!has_text) {
                        alternatives.push_back({ rule, references.size() });
                        for (const auto reference : references) {
                            waiting[reference].push_back(alternatives.size() - 1);
                        }
                    }
                    references.clear();
                    has_text = false;
                } else if (element.type == LLAMA_GRETYPE_RULE_REF) {
                    references.push_back(element.value);
                } else {
                    has_text = true;
                }
            }
        }
        while (!ready.empty()) {
            const auto rule = ready.back();
            ready.pop_back();
            for (const auto index : waiting[rule]) {
                if (--alternatives[index].missing == 0) {
                    settle(alternatives[index].rule);
                }
            }
        }
    }

    /// The next reference, from a position on, that can come first in its alternative; the rule's size without one.
    size_t first_reference(size_t rule, size_t from) const {
        const auto & elements = rules[rule];
        size_t position = from;
        if (position > 0 && elements[position - 1].type == LLAMA_GRETYPE_RULE_REF && !empty[elements[position - 1].value]) {
            position = next_alternative(elements, position);
        }
        while (position < elements.size()) {
            if (elements[position].type == LLAMA_GRETYPE_RULE_REF) {
                return position;
            }
            position = ends_alternative(elements[position]) ? position + 1 : next_alternative(elements, position);
        }
        return elements.size();
    }

    static size_t next_alternative(const llama_grammar_rule & elements, size_t position) {
        while (position < elements.size() && !ends_alternative(elements[position])) {
            position++;
        }
        return std::min(position + 1, elements.size());
    }
};

void require_rules(const llama_grammar_parser & parser) {
    for (const auto & [name, number] : parser.symbol_ids) {
        if (number >= parser.rules.size() || parser.rules[number].empty()) {
            throw std::runtime_error("there is no rule for '" + brief(name) + "'");
        }
    }
}

cllama_grammar * read(const std::string & text) {
    if (text.size() > longest) {
        throw std::runtime_error("it is longer than " + std::to_string(longest) + " bytes");
    }
    Inspection(text).run();
    llama_grammar_parser parser;
    // The reader's own loop, for its errors: `parse` writes them to the process's error stream, grammar and all. What
    // stands before the first rule is skipped the way it skips everything between rules.
    const std::string padded = "root-before ::= \"\"\n" + text;
    for (const char * position = padded.c_str(); *position != 0;) {
        position = parser.parse_rule(position);
    }
    require_rules(parser);
    const auto root = parser.symbol_ids.find("root");
    if (root == parser.symbol_ids.end()) {
        throw std::runtime_error("it has no rule 'root'");
    }
    if (LeftRecursion(parser.rules).found()) {
        throw std::runtime_error("a rule begins with itself (left recursion)");
    }
    return new cllama_grammar{ std::move(parser.rules), root->second };
}

}  // namespace

cllama_grammar * cllama_grammar_new(const char * text, size_t size, char ** error) {
    return guarded(error, [&] { return read(std::string(text, size)); });
}

void cllama_grammar_free(cllama_grammar * grammar) {
    delete grammar;
}

void cllama_text_free(char * text) {
    std::free(text);
}
