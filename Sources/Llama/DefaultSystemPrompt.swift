/// Finds the system message that a chat template adds by itself when the conversation has none.
///
/// The engine knows template families, not this part of them, and without it a model would not be asked as its authors
/// meant.
package enum DefaultSystemPrompt {
    private static let conditions = [
        "messages[0]['role'] != 'system'", "messages[0][\"role\"] != \"system\"", "messages[0].role != 'system'",
    ]

    // Jinja's string literals hold the two characters `\n`, or a newline already when the file was made that way.
    private static let beginnings = ["<|im_start|>system\\n", "<|im_start|>system\n"]

    /// Read out of the form that ChatML templates have for it: a condition on the first message's role, then
    /// `<|im_start|>system\nTEXT<|im_end|>` in quotes.
    ///
    /// Nil where the template has none.
    package static func find(in template: String) -> String? {
        for condition in conditions {
            guard let found = template.firstRange(of: condition) else { continue }
            let after = template[found.upperBound...]
            let branch = after.firstRange(of: "endif").map { after[..<$0.lowerBound] } ?? after
            if let text = quoted(in: branch) { return text }
        }
        return nil
    }

    private static func quoted(in branch: Substring) -> String? {
        for beginning in beginnings {
            guard let found = branch.firstRange(of: beginning) else { continue }
            let text = branch[found.upperBound...]
            guard let end = text.firstRange(of: "<|im_end|>") else { continue }
            return String(text[..<end.lowerBound].replacing("\\n", with: "\n"))
        }
        return nil
    }
}
