/// What is wrong in a file that a person wrote: where, what, and what to do about it.
struct DocumentProblem: Error, Equatable, CustomStringConvertible {
    var file: String
    /// From 1; `nil` when the file as a whole is meant.
    var line: Int?
    var message: String
    var hint: String?

    var description: String {
        let place = line.map { "\(file):\($0)" } ?? file
        return hint.map { "\(place): \(message); \($0)" } ?? "\(place): \(message)"
    }
}

/// Everything that is wrong with a set of files; never empty when thrown.
struct DocumentProblems: Error, Equatable, CustomStringConvertible {
    var problems: [DocumentProblem]

    var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// Collects what readers find, so that a person sees all of it at once.
final class ProblemLog {
    private(set) var problems: [DocumentProblem] = []
    private(set) var warnings: [DocumentProblem] = []

    func note(_ problem: DocumentProblem) { problems.append(problem) }

    func warn(_ problem: DocumentProblem) { warnings.append(problem) }

    /// Throws when anything was noted, in the order of the files' lines.
    func check() throws(DocumentProblems) {
        guard problems.isEmpty else { throw DocumentProblems(problems: problems) }
    }
}
