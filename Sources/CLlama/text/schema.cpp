#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>

#include "cllama.h"
#include "json-schema-to-grammar.h"
#include "text.h"

namespace {

constexpr size_t longest = 64 * 1024;
constexpr int deepest = 32;
constexpr size_t longest_name = 256;
constexpr size_t longest_pattern = 512;
// The reader of grammars takes more as no bound at all.
constexpr double most_times = 2000;
// The converter's time grows with the cube of the properties that may be left out.
constexpr double most_optional_work = 4e6;
// A list of types repeats all that is below it.
constexpr double most_nodes = 20000;

const std::set<std::string> annotations = { "$comment", "$defs", "$id", "$schema", "default", "definitions", "deprecated",
                                            "description", "examples", "readOnly", "title", "writeOnly" };
const std::set<std::string> numeric = { "exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum" };
const std::set<std::string> enforced = { "additionalProperties", "anyOf", "const", "enum", "format", "items", "maxItems",
                                         "maxLength", "minItems", "minLength", "pattern", "properties", "required", "type" };
const std::set<std::string> formats = { "date", "date-time", "time", "uuid" };

/// Looks at what the converter would take in silence, or without a bound.
class Inspection {
  public:
    explicit Inspection(bool strict) : strict(strict) {}

    double run(const common_json & root) { return visit(root, "#", 0); }

  private:
    const bool strict;
    double optional_work = 0;

    [[noreturn]] static void fail(const std::string & path, const std::string & rule) {
        throw std::runtime_error(brief("at " + path + ": " + rule));
    }

    /// How many nodes the converter makes of one.
    double visit(const common_json & node, const std::string & path, int depth) {
        if (depth > deepest) {
            fail(path, "it is nested more than " + std::to_string(deepest) + " levels deep");
        }
        if (!node.is_object()) {
            return 1;
        }
        if (strict) {
            require_enforced(node, path);
        }
        require_bounds(node, path, "minItems", "maxItems");
        require_bounds(node, path, "minLength", "maxLength");
        require_range(node, path);
        require_pattern(node, path);
        count_optional(node, path);
        double nodes = 1;
        for (const auto & [key, value] : node.items()) {
            if (key.size() > longest_name) {
                fail(path, "a name is longer than " + std::to_string(longest_name) + " bytes");
            }
            if (key != "const" && key != "default" && key != "enum" && key != "examples" && key != "required") {
                nodes += children(key, value, path + "/" + key, depth);
            }
        }
        const double copies = node.contains("type") && node.at("type").is_array() ? static_cast<double>(node.at("type").size()) : 1;
        nodes *= std::max(1.0, copies);
        if (nodes > most_nodes) {
            fail(path, "it is too large");
        }
        return nodes;
    }

    double children(const std::string & key, const common_json & value, const std::string & path, int depth) {
        double nodes = 0;
        if (value.is_array()) {
            for (const auto & child : value) {
                nodes += visit(child, path, depth + 1);
            }
        } else if (key == "properties" || key == "$defs" || key == "definitions") {
            if (value.is_object()) {
                for (const auto & [name, child] : value.items()) {
                    if (name.size() > longest_name) {
                        fail(path, "a name is longer than " + std::to_string(longest_name) + " bytes");
                    }
                    nodes += visit(child, path + "/" + name, depth + 1);
                }
            }
        } else {
            nodes += visit(value, path, depth + 1);
        }
        return nodes;
    }

    void require_enforced(const common_json & node, const std::string & path) const {
        // What stands beside these is not looked at.
        for (const auto * alone : { "$ref", "anyOf" }) {
            if (!node.contains(alone)) {
                continue;
            }
            for (const auto & [key, value] : node.items()) {
                if (key != alone && annotations.count(key) == 0) {
                    fail(path, "'" + key + "' has no effect beside '" + alone + "', which 'strict' does not allow");
                }
            }
            return;
        }
        const bool is_integer = node.contains("type") && node.at("type") == "integer";
        for (const auto & [key, value] : node.items()) {
            const bool is_known = annotations.count(key) > 0 || enforced.count(key) > 0
                || (is_integer && numeric.count(key) > 0);
            if (!is_known || (key == "items" && value.is_array())) {
                fail(path, "'" + key + "' is not enforced here, which 'strict' does not allow");
            }
            if (key == "format" && !(value.is_string() && formats.count(value.get<std::string>()) > 0)) {
                fail(path, "this 'format' is not enforced here, which 'strict' does not allow");
            }
        }
        if (node.contains("pattern") && (node.contains("minLength") || node.contains("maxLength") || node.contains("format"))) {
            fail(path, "a length or format is not enforced beside 'pattern', which 'strict' does not allow");
        }
    }

    static void require_bounds(const common_json & node, const std::string & path, const char * low, const char * high) {
        double least = 0;
        if (node.contains(low) && node.at(low).is_number()) {
            least = node.at(low).get<double>();
        }
        double most = least;
        if (node.contains(high) && node.at(high).is_number()) {
            most = node.at(high).get<double>();
        }
        if (least < 0 || most < least || most > most_times) {
            fail(path, std::string(low) + " and " + high + " must be in order and at most " + std::to_string(static_cast<int>(most_times)));
        }
    }

    static void require_range(const common_json & node, const std::string & path) {
        const auto bound = [&](const char * inclusive, const char * exclusive, double step, double otherwise) {
            if (node.contains(inclusive) && node.at(inclusive).is_number()) {
                return node.at(inclusive).get<double>();
            }
            if (node.contains(exclusive) && node.at(exclusive).is_number()) {
                return node.at(exclusive).get<double>() + step;
            }
            return otherwise;
        };
        const auto limit = 9.0e18;
        const auto least = bound("minimum", "exclusiveMinimum", 1, -limit);
        const auto most = bound("maximum", "exclusiveMaximum", -1, limit);
        if (least > most || least < -limit || most > limit) {
            fail(path, "no number is between its bounds, or they are too large");
        }
    }

    static void require_pattern(const common_json & node, const std::string & path) {
        if (!node.contains("pattern") || !node.at("pattern").is_string()) {
            return;
        }
        const auto pattern = node.at("pattern").get<std::string>();
        // The converter takes a pattern that it cannot hold to as any string, and says so on the error stream only; that
        // shows where it has nothing else to convert.
        const common_json alone = { { "type", "string" }, { "pattern", pattern } };
        if (pattern.size() > longest_pattern || json_schema_to_grammar(alone).find("root ::= string\n") != std::string::npos) {
            fail(path, "this 'pattern' is not supported: it must begin with ^, end with $ and use plain groups, classes and repetitions");
        }
    }

    void count_optional(const common_json & node, const std::string & path) {
        if (!node.contains("properties") || !node.at("properties").is_object()) {
            return;
        }
        std::set<std::string> required;
        if (node.contains("required") && node.at("required").is_array()) {
            for (const auto & name : node.at("required")) {
                if (name.is_string()) {
                    required.insert(name.get<std::string>());
                }
            }
        }
        double optional = 0;
        for (const auto & [name, child] : node.at("properties").items()) {
            optional += required.count(name) > 0 ? 0 : 1;
        }
        optional_work += optional * optional * optional;
        if (optional_work > most_optional_work) {
            fail(path, "too many properties may be left out");
        }
    }
};

/// A name that stands for itself has no values; the converter would follow it for ever.
void require_targets(const common_chat_schema_document & document) {
    for (const auto & [name, target] : document.refs) {
        const auto * node = target.get();
        for (int hops = 0; node != nullptr && node->kind() == common_chat_schema::KIND_REF; hops++) {
            if (hops > deepest) {
                throw std::runtime_error(brief(name + " refers to nothing but itself"));
            }
            node = static_cast<const common_chat_schema_ref *>(node)->target;
        }
    }
}

char * convert(const std::string & text, bool strict) {
    if (text.size() > longest) {
        throw std::runtime_error("it is longer than " + std::to_string(longest) + " bytes");
    }
    const auto schema = common_json::parse(text);
    if (Inspection(strict).run(schema) > most_nodes) {
        throw std::runtime_error("it is too large");
    }
    const auto document = common_chat_schema_from_json(schema);
    require_targets(document);
    return copy_text(json_schema_to_grammar(document));
}

}  // namespace

char * cllama_schema_grammar(const char * schema, size_t size, bool strict, char ** error) {
    return guarded(error, [&] { return convert(std::string(schema, size), strict); });
}
