import Yams

/// Where a document lies in its file, and how it spells what the gateway names otherwise.
struct DocumentPlace: Equatable, CustomStringConvertible {
    /// A key as the document has it.
    struct Key: Equatable {
        /// `gatehouse.capture.body_limit`.
        let name: String
        let line: Int
    }

    let file: String
    let line: Int
    let node: Node

    init(file: String, node: Node) {
        self.file = file
        self.node = node
        line = node.mark?.line ?? 1
    }

    /// `file:line`.
    var description: String { "\(file):\(line)" }

    /// The key of a member of the API, such as `capture.bodyLimit`, or the nearest one above it.
    ///
    /// - Returns: `nil` where the document has none of it.
    func key(of field: String) -> Key? {
        let names = field.split(separator: ".").map(String.init)
        let roots: [(prefix: [String], node: Node)] =
            [([], node)] + (node["gatehouse"].map { [(["gatehouse"], $0)] } ?? [])
        for root in roots {
            if let key = Self.key(names, in: root.node, below: root.prefix) { return key }
        }
        return nil
    }

    private static func key(_ names: [String], in root: Node, below prefix: [String]) -> Key? {
        var (node, line, spelled) = (root, Int?.none, prefix)
        for name in names {
            // Documents say json_paths for the API's paths.
            let words = [name, snake(name), "json_\(name)"]
            let entries = YAMLMapping.entries(node) ?? []
            guard let entry = entries.first(where: { words.contains($0.name) }) else { break }
            spelled.append(entry.name)
            (node, line) = (entry.node, entry.line)
        }
        guard let line else { return nil }
        let rest = names.dropFirst(spelled.count - prefix.count)
        return Key(name: (spelled + rest).joined(separator: "."), line: line)
    }

    /// `body_limit` of `bodyLimit`.
    private static func snake(_ name: String) -> String {
        name.reduce(into: "") { text, letter in
            text += letter.isUppercase ? "_\(letter.lowercased())" : String(letter)
        }
    }
}
