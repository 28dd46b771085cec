/// Finds the name that a person probably meant.
enum NearestName {
    /// The known name with the fewest edits, when it is near enough to be a slip of the fingers.
    static func of(_ name: String, in known: [String]) -> String? {
        let bound = max(1, name.count / 3 + 1)
        let ranked = known.map { (name: $0, edits: edits(from: name.lowercased(), to: $0.lowercased())) }
        let best = ranked.min { ($0.edits, $0.name) < ($1.edits, $1.name) }
        if let best, best.edits <= bound { return best.name }
        // A word that was cut short: `endpoint` for `endpoint_name`.
        return name.count < 3 ? nil : known.filter { $0.hasPrefix("\(name.lowercased())_") }.min { $0.count < $1.count }
    }

    /// Optimal string alignment: inserted, deleted, replaced and swapped characters.
    static func edits(from source: String, to target: String) -> Int {
        let source = Array(source)
        let target = Array(target)
        var beforeLast: [Int] = []
        var last = Array(0...target.count)
        for row in source.indices {
            var current = [row + 1]
            for column in target.indices {
                let replaced = last[column] + (source[row] == target[column] ? 0 : 1)
                var best = min(replaced, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, source[row] == target[column - 1], source[row - 1] == target[column] {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            (beforeLast, last) = (last, current)
        }
        return last[target.count]
    }
}
