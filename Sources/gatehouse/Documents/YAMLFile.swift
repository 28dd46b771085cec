import Foundation
import Yams

/// A YAML file's documents as trees of nodes that know their lines.
struct YAMLFile {
    static let largest = 4 << 20

    let name: String
    let documents: [Node]

    init(path: String) throws(DocumentProblem) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw DocumentProblem(
                file: path,
                message: "cannot be read",
                hint: "check that it exists and its permissions"
            )
        }
        guard data.count <= Self.largest else {
            throw DocumentProblem(file: path, message: "is larger than 4 MiB")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw DocumentProblem(file: path, message: "is not UTF-8 text")
        }
        try self.init(name: path, text: text)
    }

    init(name: String, text: String) throws(DocumentProblem) {
        do {
            var sequence = try Yams.compose_all(yaml: text)
            var documents: [Node] = []
            while let node = sequence.next() { documents.append(node) }
            if let error = sequence.error { throw error }
            self.documents = documents
        } catch {
            throw Self.problem(error, in: name)
        }
        self.name = name
    }

    private static func problem(_ error: any Error, in file: String) -> DocumentProblem {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            DocumentProblem(file: file, line: mark.line, message: "not valid YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            DocumentProblem(
                file: file,
                line: context.mark.line,
                message: "\(duplicates.sorted().joined(separator: ", ")) is given twice in one mapping",
                hint: "keep one"
            )
        default:
            DocumentProblem(file: file, message: "not valid YAML: \(error)")
        }
    }
}
