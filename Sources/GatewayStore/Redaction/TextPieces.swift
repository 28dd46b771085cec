/// The pieces of the texts that a stream brings, by their place in its events.
///
/// A place is a number, and each step that leads there is kept once: with the names of all steps, each text of an event that
/// repeats a member would have a path as long as the event.
struct TextPieces {
    /// One step from a place to another.
    enum Step: Hashable {
        case event(String)
        case member(String)
        /// What tells objects apart that stand at the same place.
        case key(String)
        case element
    }

    struct Way: Hashable {
        let from: Int
        let step: Step
    }

    /// Where all begin.
    static let root = 0

    private(set) var ways: [Way: Int] = [:]
    private(set) var pieces: [Int: [Range<Int>]] = [:]
    /// Of the event that is looked through, where it has several: pieces are ranges of what they are together.
    var joined: JoinedLines?

    mutating func place(_ step: Step, from place: Int) -> Int {
        let way = Way(from: place, step: step)
        if let known = ways[way] { return known }
        ways[way] = ways.count + 1
        return ways.count
    }

    mutating func add(_ piece: Range<Int>, at place: Int) {
        pieces[place, default: []] += joined?.places(of: piece) ?? [piece]
    }
}
