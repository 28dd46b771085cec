/// What the slots' memory holds, of running requests and of those that are over, and which of it a new request begins with.
///
/// A request begins with what another of its own tenant has left or holds; what belongs to another tenant is never looked
/// at.
struct PrefixCache {
    /// Where a request is seated, and how much of its prompt is there already.
    struct Place: Equatable {
        let slot: Int
        /// Tokens of the prompt that need not be computed.
        var count = 0
        /// The slot whose memory is copied first; nil: it is there, or nothing is.
        var source: Int?
    }

    /// How a slot's memory can be copied.
    enum Copying {
        case never
        /// Nor is any of it kept: what it holds follows from more than the tokens it has read.
        case nothingKept
        /// All of it at once: a copy costs as much as that of a whole context, however little of it is wanted.
        case whole(context: Int)

        /// Reading a token takes some hundred times as long as copying its memory: from this on a copy is the cheaper.
        fileprivate var least: Int {
            switch self {
            case .never, .nothingKept: .max
            case .whole(let context): max(64, context / 32)
            }
        }
    }

    private struct Holding {
        let tenant: String
        var tokens: [Int32]
        var lastUse: Int
    }

    /// Fewer are not worth keeping: every prompt begins with some mark.
    static let least = 16

    private let copying: Copying
    /// What is used is a multiple of this.
    private let grain: Int
    private var holdings: [Holding?]
    private var uses = 0

    /// - Parameter grain: tokens that a prompt is read by where nobody else answers: a prompt that goes on from a multiple of
    ///   it is computed in the same parts as one that begins, and so rounded alike.
    init(slots: Int, copying: Copying, grain: Int = 1) {
        self.copying = copying
        self.grain = grain
        holdings = Array(repeating: nil, count: slots)
    }

    /// The best place for a prompt.
    ///
    /// - Parameters:
    ///   - free: slots without a request, at least one.
    ///   - taken: those with one.
    func place(for prompt: [Int32], of tenant: String, free: [Int], beside taken: [Int] = []) -> Place {
        // The last token is computed in any case: what the model says after it is what is wanted.
        let shared = holdings.map { holding in
            guard let holding, holding.tenant == tenant, !isForgetful else { return 0 }
            return Self.common(holding.tokens, prompt.dropLast()) / grain * grain
        }
        let spare = spare(of: free, beside: taken)
        if let best = free.max(by: { shared[$0] < shared[$1] }), shared[best] >= Self.least {
            // What would be lost is a conversation of its own: better a copy of the beginning, where that is cheap.
            let isOwn = shared[best] * 2 >= (holdings[best]?.tokens.count ?? 0)
            let hasLonger = shared.contains { $0 >= copying.least && $0 >= 2 * shared[best] }
            let canCopy = best != spare && shared[best] >= copying.least
            if !hasLonger, isOwn || !canCopy { return Place(slot: best, count: shared[best]) }
        }
        if let source = shared.indices.max(by: { shared[$0] < shared[$1] }), source != spare,
            shared[source] >= copying.least
        {
            return Place(slot: spare, count: shared[source], source: source)
        }
        return Place(slot: spare)
    }

    /// A request has a place: what else the slot held is gone.
    mutating func begin(_ place: Place, _ prompt: [Int32], of tenant: String) {
        uses += 1
        if let source = place.source { holdings[source]?.lastUse = uses }
        holdings[place.slot] = Holding(tenant: tenant, tokens: Array(prompt.prefix(place.count)), lastUse: uses)
    }

    /// The slot's memory grows by tokens.
    mutating func append(_ tokens: some Sequence<Int32>, slot: Int) {
        holdings[slot]?.tokens += tokens
    }

    /// A request is over; what it leaves is kept for its tenant.
    ///
    /// - Returns: whether anything is kept.
    mutating func end(slot: Int) -> Bool {
        uses += 1
        guard let holding = holdings[slot], holding.tokens.count >= Self.least, !isForgetful else {
            holdings[slot] = nil
            return false
        }
        holdings[slot]?.lastUse = uses
        return true
    }

    private var isForgetful: Bool { if case .nothingKept = copying { true } else { false } }

    mutating func forget(slot: Int) {
        holdings[slot] = nil
    }

    func count(slot: Int) -> Int { holdings[slot]?.tokens.count ?? 0 }

    /// Among those that keep the taken ones together an empty slot, else the one whose leftovers nobody has asked for the
    /// longest: slots that lie apart cost the engine a pass over the whole model each.
    private func spare(of free: [Int], beside taken: [Int]) -> Int {
        func rank(_ slot: Int) -> (Int, Int) {
            let span = max(slot, taken.last ?? slot) - min(slot, taken.first ?? slot)
            return (span / RowFilling.tile, holdings[slot]?.lastUse ?? 0)
        }
        return free.min { rank($0) < rank($1) } ?? 0
    }

    private static func common(_ tokens: [Int32], _ prompt: ArraySlice<Int32>) -> Int {
        zip(tokens, prompt).prefix { $0 == $1 }.count
    }
}
