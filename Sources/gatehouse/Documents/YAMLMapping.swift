import Yams

/// One mapping of a file: its members by name, with every key checked against the known ones.
struct YAMLMapping {
    /// A member: where it is written and what it holds.
    struct Member {
        let line: Int
        let node: Node
    }

    let file: String
    /// The keys that lead here, for messages; empty at the root.
    let path: String
    let line: Int
    let log: ProblemLog
    private let members: [String: Member]

    /// Reads a mapping; a key that is not known is noted with the nearest one as a hint.
    ///
    /// - Parameter notBuilt: keys whose behaviour comes later; refused with that reason unless they say nothing.
    init?(_ node: Node, file: String, path: String = "", known: [String], notBuilt: [String] = [], log: ProblemLog) {
        self.file = file
        self.path = path
        self.log = log
        line = node.mark?.line ?? 1
        guard case .mapping(let mapping) = node else {
            let name = path.isEmpty ? "a document" : path
            log.note(
                DocumentProblem(
                    file: file,
                    line: node.mark?.line,
                    message: "\(name) must be a mapping of keys to values"
                )
            )
            return nil
        }
        var members: [String: Member] = [:]
        for (key, value) in mapping {
            guard case .scalar(let name) = key else {
                log.note(DocumentProblem(file: file, line: key.mark?.line, message: "a key must be plain text"))
                continue
            }
            members[name.string] = Member(line: key.mark?.line ?? line, node: value)
        }
        self.members = members
        refuseUnknown(known: known, notBuilt: notBuilt)
    }

    private func refuseUnknown(known: [String], notBuilt: [String]) {
        for (key, member) in members.sorted(by: { $0.value.line < $1.value.line }) {
            if notBuilt.contains(key) {
                if !member.node.saysNothing { refuse(key, "not built yet", hint: "remove it") }
            } else if !known.contains(key) {
                let nearest = NearestName.of(key, in: known + notBuilt)
                let list = known.sorted().joined(separator: ", ")
                refuse(key, "unknown key", hint: nearest.map { "did you mean \($0)?" } ?? "known keys are \(list)")
            }
        }
    }

    /// Free-form names to values: nothing is unknown here.
    static func entries(_ node: Node) -> [(name: String, line: Int, node: Node)]? {
        guard case .mapping(let mapping) = node else { return nil }
        return mapping.map { ($0.key.scalar?.string ?? "", $0.key.mark?.line ?? 1, $0.value) }
    }

    subscript(key: String) -> Member? {
        guard let member = members[key], !member.node.isNull else { return nil }
        return member
    }

    func fullName(_ key: String) -> String { path.isEmpty ? key : key.isEmpty ? path : "\(path).\(key)" }

    /// Notes that a member cannot be used as it is.
    func refuse(_ key: String, _ reason: String, hint: String? = nil) {
        let line = members[key]?.line ?? line
        log.note(DocumentProblem(file: file, line: line, message: "\(fullName(key)): \(reason)", hint: hint))
    }

    /// Notes that a member is kept without a meaning here.
    func warn(_ key: String, _ reason: String) {
        guard let member = self[key], !member.node.saysNothing else { return }
        log.warn(DocumentProblem(file: file, line: member.line, message: "\(fullName(key)): \(reason)"))
    }
}

extension Node {
    var isNull: Bool {
        guard case .scalar(let scalar) = self else { return false }
        return scalar.style != .singleQuoted && scalar.style != .doubleQuoted
            && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// Null, false, an empty list, or a mapping whose members say nothing either: asks for nothing.
    var saysNothing: Bool {
        switch self {
        case .scalar(let scalar): isNull || ["false", "no", "off"].contains(scalar.string.lowercased())
        case .mapping(let mapping): mapping.allSatisfy { $0.value.saysNothing }
        case .sequence(let sequence): sequence.isEmpty
        case .alias: false
        }
    }
}
