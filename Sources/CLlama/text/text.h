#pragma once

#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>

// Every text that leaves this library, and the place where exceptions end.

/// A copy that C can free; NULL without memory.
inline char * copy_text(const std::string & text) {
    auto * copy = static_cast<char *>(std::malloc(text.size() + 1));
    if (copy != nullptr) {
        std::memcpy(copy, text.c_str(), text.size() + 1);
    }
    return copy;
}

/// Error texts quote their input, which may be long, and the rest of it, which does not help.
inline std::string brief(const std::string & text) {
    const size_t limit = 240;
    auto end = text.size();
    while (end > 0 && (text[end - 1] == '\n' || text[end - 1] == ' ')) {
        end--;
    }
    if (end <= limit) {
        return text.substr(0, end);
    }
    end = limit;
    // Not in the middle of a character.
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
        end--;
    }
    return text.substr(0, end) + "...";
}

/// Runs `body`; what it throws becomes NULL and a text in `error`.
template <typename Body> auto guarded(char ** error, Body && body) noexcept -> decltype(body()) {
    try {
        return body();
    } catch (const std::exception & failure) {
        try {
            *error = copy_text(brief(failure.what()));
        } catch (...) {
            *error = nullptr;
        }
    } catch (...) {
        *error = nullptr;
    }
    return nullptr;
}
