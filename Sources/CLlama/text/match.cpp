#include <algorithm>
#include <cmath>
#include <new>
#include <string>
#include <unordered_map>
#include <vector>

#include "cllama.h"
#include "grammar.h"

// Matches tokens against a grammar as the engine's own sampler does, with the same result where that one has one. That one
// ends the process or throws where a token does not fit, and its time grows with a power of the ways that a grammar leaves
// open; here the places that can be reached are kept as a set, and every call has a budget.

/// Tokens as a tree of their bytes, written out in the order in which it is walked.
struct cllama_vocabulary {
    struct Node {
        uint8_t byte;
        uint16_t depth;
        /// The first node that does not lie below this one.
        uint32_t behind;
        /// Where this node's own tokens are in `tokens`; they end where the next node's begin.
        uint32_t first_token;
    };

    std::vector<std::string> texts;
    std::vector<bool> is_end;
    std::vector<Node> nodes;
    std::vector<llama_token> tokens;
    size_t longest = 0;

    explicit cllama_vocabulary(const llama_vocab * vocab) {
        const auto count = llama_vocab_n_tokens(vocab);
        texts.resize(count);
        is_end.resize(count);
        for (llama_token token = 0; token < count; token++) {
            is_end[token] = llama_vocab_is_eog(vocab, token);
            texts[token] = text_of(vocab, token);
            longest = std::max(longest, texts[token].size());
        }
        build();
    }

  private:
    static std::string text_of(const llama_vocab * vocab, llama_token token) {
        // Marks have no text here: a grammar is about what the caller reads.
        std::string text(64, '\0');
        auto size = llama_token_to_piece(vocab, token, text.data(), static_cast<int32_t>(text.size()), 0, false);
        if (size < 0) {
            text.resize(static_cast<size_t>(-size));
            size = llama_token_to_piece(vocab, token, text.data(), static_cast<int32_t>(text.size()), 0, false);
        }
        text.resize(static_cast<size_t>(std::max(size, 0)));
        return text;
    }

    void build() {
        std::vector<llama_token> order;
        for (llama_token token = 0; token < static_cast<llama_token>(texts.size()); token++) {
            if (!texts[token].empty() && !is_end[token]) {
                order.push_back(token);
            }
        }
        std::sort(order.begin(), order.end(), [&](llama_token a, llama_token b) { return texts[a] < texts[b]; });
        std::vector<uint32_t> open;
        const std::string * before = nullptr;
        for (const auto token : order) {
            const auto & text = texts[token];
            size_t shared = 0;
            while (before != nullptr && shared < std::min(before->size(), text.size()) && (*before)[shared] == text[shared]) {
                shared++;
            }
            close(open, shared);
            for (size_t depth = shared; depth < text.size(); depth++) {
                open.push_back(static_cast<uint32_t>(nodes.size()));
                nodes.push_back({ static_cast<uint8_t>(text[depth]), static_cast<uint16_t>(depth), 0,
                                  static_cast<uint32_t>(tokens.size()) });
            }
            tokens.push_back(token);
            before = &text;
        }
        close(open, 0);
    }

    void close(std::vector<uint32_t> & open, size_t depth) {
        while (open.size() > depth) {
            nodes[open.back()].behind = static_cast<uint32_t>(nodes.size());
            open.pop_back();
        }
    }
};

namespace {

struct TooAmbiguous {};

/// A place in the grammar: what has to come, innermost first. Equal places have equal numbers; 0 is the end.
using Place = uint32_t;
using Places = std::vector<Place>;

/// Places that can be reached, and the character that has begun.
struct State {
    Places places;
    uint32_t character = 0;
    int missing = 0;
    /// The first character that its number of bytes is for.
    uint32_t least = 0;

    bool is_dead() const { return places.empty(); }
    bool may_end() const { return missing == 0 && std::find(places.begin(), places.end(), 0u) != places.end(); }
};

// Places that one answer may reach; each takes some hundred bytes.
constexpr size_t most_places = 200 * 1000;
// Places that one call may look at if those before it have looked at few: some hundredths of a second.
constexpr size_t most_of_call = 8 * 1000 * 1000;
// What each call adds to that, for every node of the vocabulary: a mask of all tokens looks at a few places for each.
constexpr size_t rounds_of_call = 16;
// Places that are remembered to follow others, all in all; four bytes each.
constexpr size_t most_following = 4 * 1000 * 1000;

}  // namespace

struct cllama_match {
    cllama_match(const cllama_grammar & grammar, const cllama_vocabulary & vocabulary)
        : grammar(grammar), vocabulary(vocabulary), places(1), following(1) {}

    void begin() {
        earn();
        const auto & rule = grammar.rules[grammar.root];
        Places starts;
        for (size_t position = 0; position < rule.size(); position = end_of_alternative(rule, position) + 1) {
            starts.push_back(ends_alternative(rule[position]) ? 0 : place(&rule[position], 0));
        }
        state.places = reach(starts);
    }

    int allows(llama_token token) {
        State after;
        return fit(token, after);
    }

    int accept(llama_token token) {
        State after;
        const auto result = fit(token, after);
        if (result == 1 && !vocabulary.is_end[token]) {
            state = std::move(after);
        }
        return result;
    }

    int64_t mask(llama_token_data * tokens, size_t count) {
        earn();
        std::vector<bool> allowed(vocabulary.texts.size());
        allow(allowed);
        int64_t left = 0;
        for (size_t index = 0; index < count; index++) {
            const auto token = tokens[index].id;
            const bool fits = vocabulary.is_end[token] ? state.may_end() : allowed[token];
            if (fits) {
                left++;
            } else {
                tokens[index].logit = -INFINITY;
            }
        }
        return left;
    }

  private:
    struct Node {
        const llama_grammar_element * element = nullptr;
        Place behind = 0;
    };

    const cllama_grammar & grammar;
    const cllama_vocabulary & vocabulary;
    std::vector<Node> places;
    /// Where each place leads once its character has come; computed when first asked for.
    std::vector<std::pair<bool, Places>> following;
    std::unordered_map<const llama_grammar_element *, std::unordered_map<Place, Place>> numbers;
    size_t followers = 0;
    State state;
    size_t budget = most_of_call;

    /// What an answer did not need for one token it may use for a later one; others wait for each as long.
    void earn() {
        const auto share = rounds_of_call * vocabulary.nodes.size();
        budget = std::min(budget + share, std::max(most_of_call, 4 * share));
    }

    void spend(size_t count) {
        if (budget < count) {
            throw TooAmbiguous();
        }
        budget -= count;
    }

    Place place(const llama_grammar_element * element, Place behind) {
        auto & known = numbers[element];
        const auto found = known.find(behind);
        if (found != known.end()) {
            return found->second;
        }
        if (places.size() >= most_places) {
            throw TooAmbiguous();
        }
        const auto number = static_cast<Place>(places.size());
        places.push_back({ element, behind });
        following.emplace_back();
        known.emplace(behind, number);
        return number;
    }

    static size_t end_of_alternative(const llama_grammar_rule & rule, size_t position) {
        while (!ends_alternative(rule[position])) {
            position++;
        }
        return position;
    }

    /// The places at a character, or the end, that these lead to without one.
    Places reach(Places todo) {
        Places reached;
        std::unordered_map<Place, bool> seen;
        while (!todo.empty()) {
            const auto at = todo.back();
            todo.pop_back();
            if (!seen.emplace(at, true).second) {
                continue;
            }
            spend(1);
            if (at == 0 || places[at].element->type != LLAMA_GRETYPE_RULE_REF) {
                reached.push_back(at);
                continue;
            }
            const auto node = places[at];
            const auto behind = ends_alternative(node.element[1]) ? node.behind : place(node.element + 1, node.behind);
            const auto & rule = grammar.rules[node.element->value];
            for (size_t position = 0; position < rule.size(); position = end_of_alternative(rule, position) + 1) {
                todo.push_back(ends_alternative(rule[position]) ? behind : place(&rule[position], behind));
            }
        }
        std::sort(reached.begin(), reached.end());
        return reached;
    }

    const Places & after(Place at) {
        if (!following[at].first) {
            const auto node = places[at];
            const auto * element = node.element + 1;
            while (element->type == LLAMA_GRETYPE_CHAR_ALT || element->type == LLAMA_GRETYPE_CHAR_RNG_UPPER) {
                element++;
            }
            auto reached = reach({ ends_alternative(*element) ? node.behind : place(element, node.behind) });
            if (followers + reached.size() > most_following) {
                std::fill(following.begin(), following.end(), std::pair<bool, Places>());
                followers = 0;
            }
            followers += reached.size();
            following[at] = { true, std::move(reached) };
        }
        return following[at].second;
    }

    /// Whether one of the characters from `low` to `high` may come at a place.
    bool fits(Place at, uint32_t low, uint32_t high) const {
        const auto * element = places[at].element;
        if (element->type == LLAMA_GRETYPE_CHAR_ANY) {
            return true;
        }
        const bool is_negated = element->type == LLAMA_GRETYPE_CHAR_NOT;
        // Half a character's range is wide: a negated class must take all of it out, not one of it.
        bool touches = false;
        bool covers = false;
        do {
            const bool is_range = element[1].type == LLAMA_GRETYPE_CHAR_RNG_UPPER;
            const auto first = element->value;
            const auto last = is_range ? element[1].value : first;
            touches = touches || (first <= high && low <= last);
            covers = covers || (first <= low && high <= last);
            element += is_range ? 2 : 1;
        } while (element->type == LLAMA_GRETYPE_CHAR_ALT);
        return is_negated ? !covers : touches;
    }

    void add_after(Place at, Places & next) {
        const auto & reached = after(at);
        spend(reached.size());
        next.insert(next.end(), reached.begin(), reached.end());
    }

    /// One byte on; false where it cannot come.
    bool step(const State & from, uint8_t byte, State & to) {
        to.places.clear();
        if (from.missing > 0) {
            if ((byte & 0xC0) != 0x80) {
                return false;
            }
            to.character = from.character << 6 | (byte & 0x3F);
            to.missing = from.missing - 1;
            to.least = from.least;
        } else if (!begin_character(byte, to)) {
            return false;
        }
        spend(from.places.size() + 1);
        const auto first = to.character << (6 * to.missing);
        const auto high = first | ((1u << (6 * to.missing)) - 1);
        const auto low = std::max(first, to.least);
        // What no character is written as: too many bytes, half of a pair, past the end.
        if (high < low || (low >= 0xD800 && high <= 0xDFFF) || low > 0x10FFFF) {
            return false;
        }
        if (to.missing > 0) {
            for (const auto at : from.places) {
                if (at != 0 && fits(at, low, high)) {
                    to.places.push_back(at);
                }
            }
            return !to.is_dead();
        }
        for (const auto at : from.places) {
            if (at != 0 && fits(at, to.character, to.character)) {
                add_after(at, to.places);
            }
        }
        to.character = 0;
        std::sort(to.places.begin(), to.places.end());
        to.places.erase(std::unique(to.places.begin(), to.places.end()), to.places.end());
        return !to.is_dead();
    }

    static bool begin_character(uint8_t byte, State & to) {
        if (byte == 0) {
            return false;
        }
        if (byte < 0x80) {
            to.character = byte;
            to.missing = 0;
            to.least = 0;
        } else if (byte >= 0xC2 && byte < 0xE0) {
            to.character = byte & 0x1F;
            to.missing = 1;
            to.least = 0x80;
        } else if (byte >= 0xE0 && byte < 0xF0) {
            to.character = byte & 0x0F;
            to.missing = 2;
            to.least = 0x800;
        } else if (byte >= 0xF0 && byte < 0xF5) {
            to.character = byte & 0x07;
            to.missing = 3;
            to.least = 0x10000;
        } else {
            return false;
        }
        return true;
    }

    /// Whether a token may come next, and where it leads unless it is an end.
    int fit(llama_token token, State & after) {
        earn();
        if (token < 0 || static_cast<size_t>(token) >= vocabulary.texts.size()) {
            return 0;
        }
        if (vocabulary.is_end[token]) {
            return state.may_end() ? 1 : 0;
        }
        return walk(vocabulary.texts[token], after) ? 1 : 0;
    }

    bool walk(const std::string & text, State & after_all) {
        if (text.empty()) {
            return false;
        }
        after_all = state;
        State next;
        for (const auto byte : text) {
            if (!step(after_all, static_cast<uint8_t>(byte), next)) {
                return false;
            }
            std::swap(after_all, next);
        }
        return true;
    }

    void allow(std::vector<bool> & allowed) {
        std::vector<State> path(vocabulary.longest + 1);
        path[0] = state;
        const auto & nodes = vocabulary.nodes;
        for (size_t index = 0; index < nodes.size();) {
            const auto & node = nodes[index];
            if (!step(path[node.depth], node.byte, path[node.depth + 1])) {
                index = node.behind;
                continue;
            }
            const auto end = index + 1 < nodes.size() ? nodes[index + 1].first_token : vocabulary.tokens.size();
            for (size_t token = node.first_token; token < end; token++) {
                allowed[vocabulary.tokens[token]] = true;
            }
            index++;
        }
    }
};

namespace {

template <typename Body> auto counted(Body && body) noexcept -> decltype(body()) {
    try {
        return body();
    } catch (const TooAmbiguous &) {
        return CLLAMA_TOO_AMBIGUOUS;
    } catch (...) {
        return CLLAMA_FAILED;
    }
}

}  // namespace

cllama_vocabulary * cllama_vocabulary_new(const struct llama_vocab * vocab) {
    try {
        return new cllama_vocabulary(vocab);
    } catch (...) {
        return nullptr;
    }
}

void cllama_vocabulary_free(cllama_vocabulary * vocabulary) {
    delete vocabulary;
}

cllama_match * cllama_match_new(const cllama_grammar * grammar, const cllama_vocabulary * vocabulary) {
    cllama_match * match = nullptr;
    try {
        match = new cllama_match(*grammar, *vocabulary);
        match->begin();
        return match;
    } catch (...) {
        delete match;
        return nullptr;
    }
}

void cllama_match_free(cllama_match * match) {
    delete match;
}

int cllama_match_allows(cllama_match * match, llama_token token) {
    return counted([&] { return match->allows(token); });
}

int64_t cllama_match_mask(cllama_match * match, struct llama_token_data * tokens, size_t count) {
    return counted([&]() -> int64_t { return match->mask(tokens, count); });
}

int cllama_match_accept(cllama_match * match, llama_token token) {
    return counted([&] { return match->accept(token); });
}
