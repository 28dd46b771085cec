/// The blocks of a blob in their order, as a client commits them.
///
/// Azure's XML has one level of tags with base64 in them, and nothing else is read here.
struct BlockList: Equatable {
    /// Azure's bound.
    private static let most = 50_000
    private static let tags: Set<Substring> = ["Latest", "Uncommitted", "Committed"]

    let ids: [String]

    init(_ xml: String) throws(APIError) {
        var ids: [String] = []
        var rest = xml[...]
        while let open = rest.firstIndex(of: "<") {
            rest = rest[rest.index(after: open)...]
            guard let close = rest.firstIndex(of: ">") else { throw Self.malformed }
            let tag = rest[..<close]
            rest = rest[rest.index(after: close)...]
            guard Self.tags.contains(tag) else { continue }
            guard let end = rest.firstIndex(of: "<"), rest[end...].hasPrefix("</\(tag)>") else { throw Self.malformed }
            ids.append(String(rest[..<end]))
            guard ids.count <= Self.most else { throw APIError(.invalid, "a blob has at most \(Self.most) blocks") }
        }
        guard !ids.isEmpty else { throw Self.malformed }
        var seen: Set<String> = []
        // A blob that repeats its blocks may be 50,000 times as large as what was uploaded.
        if let repeated = ids.first(where: { !seen.insert($0).inserted }) {
            throw APIError(
                .invalid,
                "the block \(repeated.debugDescription) is named twice; upload it under another name"
            )
        }
        self.ids = ids
    }

    private static var malformed: APIError {
        APIError(.invalid, "the body is no list of blocks; write <BlockList><Latest>ID</Latest></BlockList>")
    }
}
