import Foundation
import GatewayCore

/// What a comparison is told to leave out, or not to leave out: a member by its name, or a field by its way from the root.
package enum ComparedField {
    /// A member on the way, and how many lists within one another it is.
    private typealias Step = (name: String, lists: Int)

    private static let example = "write a member's name, or a field such as .choices[].logprobs"

    /// Refuses what names nothing, and what is compared, or left out, all the same.
    package static func check(ignore: [String], compare: [String]) throws(APIError) {
        for (list, target) in [(ignore, "ignore"), (compare, "compare")] {
            for text in list where steps(text) == nil { throw APIError(.invalid, nothing(text), target: target) }
        }
        for text in compare where !isLeftOut(text, but: compare) {
            throw APIError(
                .invalid,
                """
                \(text.debugDescription) changes nothing: left out are \
                \(AnswerComparer.ignoredNames.joined(separator: ", ")), each with all that is in it, and numbers whose \
                names tell a time, or names that they are in, such as .timings.count
                """,
                target: "compare"
            )
        }
    }

    private static func nothing(_ text: String) -> String {
        let bare = text.hasPrefix("$") ? text.dropFirst() : text[...]
        let field = (bare.hasPrefix(".") ? bare : "." + bare).replacing(/\[[^\[\]]*\]/, with: "[]")
        guard steps(String(field)) != nil else { return "\(text.debugDescription) names nothing; \(example)" }
        return "\(text.debugDescription) names nothing; write \(field), where [] is each of a list"
    }

    /// `nil` for what is neither a name nor a field.
    private static func steps(_ text: String) -> [Step]? {
        func isName(_ name: some StringProtocol) -> Bool { !name.isEmpty && !name.contains { "[].".contains($0) } }
        guard text.hasPrefix(".") else { return isName(text) ? [(text, 0)] : nil }
        var steps: [Step] = []
        for part in text.dropFirst().split(separator: ".", omittingEmptySubsequences: false) {
            var (name, lists) = (part, 0)
            while name.hasSuffix("[]") { (name, lists) = (name.dropLast(2), lists + 1) }
            guard isName(name) else { return nil }
            steps.append((String(name), lists))
        }
        return steps
    }

    /// Asks the comparer itself, with two answers that differ in this alone.
    private static func isLeftOut(_ text: String, but compared: [String]) -> Bool {
        guard let steps = steps(text), let one = answer("1", at: steps), let other = answer("2", at: steps) else {
            return false
        }
        return AnswerComparer().compare(one, other).isAgreed
            && !AnswerComparer(compared: compared).compare(one, other).isAgreed
    }

    private static func answer(_ value: String, at steps: [Step]) -> ComparedAnswer? {
        var text = value
        for step in steps.reversed() {
            guard let name = try? JSONEncoder().encode(step.name) else { return nil }
            let lists = (String(repeating: "[", count: step.lists), String(repeating: "]", count: step.lists))
            text = "{\(String(decoding: name, as: UTF8.self)):\(lists.0)\(text)\(lists.1)}"
        }
        let body = ComparedAnswer.Body(form: .json, bytes: Array(text.utf8))
        return ComparedAnswer(status: 200, microseconds: 0, length: Int64(text.utf8.count), body: body)
    }
}
