/// Which of a choice's tool calls the pieces of a stream are of, in the order in which the calls came.
struct StreamedCalls: Sendable, Equatable {
    private var count = 0
    /// By its number in the stream, the call that had it last.
    private var places: [Int: Int] = [:]
    private var ids: [Int: String] = [:]

    mutating func place(of number: Int) -> Int {
        if let place = places[number] { return place }
        defer { count += 1 }
        places[number] = count
        return count
    }

    /// A piece comes: of another call than before with that number, where its id is another or a name comes once more.
    ///
    /// Ollama gave no index, and then the same one to all, to calls that come whole. vLLM gave each piece of one call, of
    /// which only the first has the name, an id of its own.
    mutating func meet(_ number: Int, id: String?, isNamed: Bool, isIndexed: Bool) {
        let isOther =
            if let id, let known = ids[number] {
                id != known && (isNamed || !isIndexed)
            } else {
                isNamed && !isIndexed
            }
        if isOther { (places[number], ids[number]) = (nil, nil) }
        if let id { ids[number] = id }
    }
}
