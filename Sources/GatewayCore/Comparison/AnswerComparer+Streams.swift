/// Streams, by what they assemble to.
extension AnswerComparer {
    func compareStreams(
        _ one: ComparedAnswer.Body,
        _ other: ComparedAnswer.Body,
        _ comparison: inout AnswerComparison
    ) {
        let left = AssembledStream(one.bytes, isCut: one.isCut)
        let right = AssembledStream(other.bytes, isCut: other.isCut)
        comparison.method = .text
        guard left.events.isEmpty == right.events.isEmpty else {
            comparison.similarity = compareTexts(one.bytes, other.bytes, &comparison)
            return
        }
        comparison.similarity = compareParts(left, right, &comparison)
        guard !left.events.isEmpty else { return }
        comparison.method = .fields
        compare(.list(left.events), .list(right.events), &comparison)
    }

    /// - Returns: the mean over all texts and the objects of how alike they are, and over 0 for each of the rest that differs.
    private func compareParts(
        _ one: AssembledStream,
        _ other: AssembledStream,
        _ comparison: inout AnswerComparison
    ) -> Double {
        var scores: [Double] = []
        for part in Set(one.parts.keys).union(other.parts.keys).sorted() where !isIgnored(part.kind) {
            let (left, right) = (one.parts[part], other.parts[part])
            if left == nil && comparison.isOneCut || right == nil && comparison.isOtherCut {
                // What is cut off is no difference.
                continue
            } else if part.kind.isText {
                let texts = (left.map { Array($0.utf8) }, right.map { Array($0.utf8) })
                scores.append(compareTexts(texts.0, texts.1, as: part.kind.name, &comparison))
            } else if left != right {
                scores.append(0)
                comparison.note(.init(field: part.kind.name, one: left, other: right))
            }
        }
        if !one.objects.isEmpty || !other.objects.isEmpty {
            func tree(_ objects: [JSONTree]) -> JSONTree { .object([.init(name: "content", value: .list(objects))]) }
            compare(tree(one.objects), tree(other.objects), &comparison)
            scores.append(comparison.similarity)
        }
        return scores.isEmpty ? 1 : scores.reduce(0, +) / Double(scores.count)
    }

    private func isIgnored(_ kind: AssembledStream.Kind) -> Bool {
        let names = kind.name.replacing("[]", with: "").split(separator: ".")
        return ignored.contains { word in word == ".\(kind.name)" || names.contains { $0 == word } }
    }
}
