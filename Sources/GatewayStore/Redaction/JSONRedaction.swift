import GatewayCore

/// Finds the values of JSON members that must not be kept, without decoding the rest; what is cut off is no obstacle.
struct JSONRedaction {
    /// One step of a path.
    enum Step: Hashable {
        case member(String)
        /// `*`: any member.
        case anyMember
        /// `[*]`: any element.
        case element
        /// `**`: any depth.
        case anyDepth
    }

    /// No body that is meant has more.
    private static let deepest = 512

    private let paths: [[Step]]

    /// - Parameter paths: that `steps` can read; besides them it is the credentials that go, at any depth.
    init(paths: [String]) {
        self.paths = paths.compactMap(Self.steps)
    }

    /// Reads `user.email`, `messages[*].content`, `**.password`, with `$.` before it or not; `nil` when it is no path.
    static func steps(_ text: String) -> [Step]? {
        var rest = Substring(text)
        if rest.hasPrefix("$.") { rest = rest.dropFirst(2) } else if rest.hasPrefix("$") { rest = rest.dropFirst() }
        var steps: [Step] = []
        for part in rest.replacing("[*]", with: ".[*]").split(separator: ".", omittingEmptySubsequences: false) {
            switch part {
            case "" where steps.isEmpty && rest.hasPrefix("[*]"): continue
            case "": return nil
            case "*": steps.append(.anyMember)
            case "**": steps.append(.anyDepth)
            case "[*]": steps.append(.element)
            default:
                guard !part.contains("["), !part.contains("]"), !part.contains("*") else { return nil }
                steps.append(.member(String(part)))
            }
        }
        return steps.isEmpty || steps.last == .anyDepth ? nil : steps
    }

    /// The ranges of the values, in order; `nil` when the text is nested too deep to be looked through.
    func ranges(in bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> [Range<Int>]? {
        // What is not closed does not reach behind the range.
        let bytes = bytes.extracting(0..<range.upperBound)
        var walk = Walk(paths: paths, at: range.lowerBound, end: range.upperBound)
        while walk.at < walk.end {
            guard walk.frames.count <= Self.deepest else { return nil }
            walk.step(bytes)
        }
        return walk.found
    }
}

/// The way through one text.
private struct Walk {
    /// How far into a path the members around here lead.
    struct State {
        let path: Int
        let step: Int
    }

    struct Frame {
        let isArray: Bool
        let states: [State]
        let place: CredentialSchema.Place
        /// Of what comes next: the member's value, where it was named.
        var next: [State] = []
        var isHit = false
        var nextPlace: CredentialSchema.Place

        init(isArray: Bool, states: [State], place: CredentialSchema.Place) {
            self.isArray = isArray
            self.states = states
            self.place = place
            // An object whose members have no names is none.
            nextPlace = isArray ? place : place == .other || place == .properties ? .other : .credential
        }
    }

    let paths: [[JSONRedaction.Step]]
    var at: Int
    let end: Int
    var frames: [Frame] = []
    var found: [Range<Int>] = []

    mutating func step(_ bytes: borrowing Span<UInt8>) {
        switch bytes[at] {
        case UInt8(ascii: "{"), UInt8(ascii: "["): if !take(bytes) { open(isArray: bytes[at] == UInt8(ascii: "[")) }
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            frames.removeLast(frames.isEmpty ? 0 : 1)
            at += 1
        case UInt8(ascii: "\""): string(bytes)
        case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x09, 0x0a, 0x0d: at += 1
        default: if !take(bytes) { at = endOfScalar(bytes) }
        }
    }

    /// Of a value: whether it was one to be taken out.
    private mutating func take(_ bytes: borrowing Span<UInt8>) -> Bool {
        guard let frame = frames.last else { return false }
        let isHit = frame.isArray ? advance(frame.states, .element).isHit : frame.isHit
        guard isHit || frame.nextPlace.isSecret && isTextOrNumber(bytes) else { return false }
        let stop = min(end, JSONScan.endOfValue(bytes, at) ?? end)
        found.append(at..<max(stop, at + 1))
        at = max(stop, at + 1)
        frames[frames.count - 1].isHit = false
        return true
    }

    private mutating func open(isArray: Bool) {
        let states: [State]
        if let frame = frames.last {
            states = frame.isArray ? advance(frame.states, .element).states : frame.next
        } else {
            states = paths.indices.map { State(path: $0, step: 0) }
        }
        let place = frames.last?.nextPlace.opened(isArray: isArray) ?? .other
        frames.append(Frame(isArray: isArray, states: states, place: place))
        at += 1
    }

    /// Whether it is a value that says something by itself.
    private func isTextOrNumber(_ bytes: borrowing Span<UInt8>) -> Bool {
        guard bytes[at] != UInt8(ascii: "{"), bytes[at] != UInt8(ascii: "[") else { return false }
        let value = at..<endOfScalar(bytes)
        return !JSONScan.matches(bytes, value, "null") && !JSONScan.matches(bytes, value, "true")
            && !JSONScan.matches(bytes, value, "false")
    }

    /// A member's name, or a text.
    private mutating func string(_ bytes: borrowing Span<UInt8>) {
        let stop = min(end, JSONScan.endOfString(bytes, at) ?? end)
        let colon = skipSpace(bytes, stop)
        guard let frame = frames.last, !frame.isArray, colon < end, bytes[colon] == UInt8(ascii: ":") else {
            if !take(bytes) { at = stop }
            return
        }
        let name = at + 1..<max(at + 1, stop - 1)
        let value = skipSpace(bytes, colon + 1)
        let holdsSchemas = frame.place == .properties || frame.place == .schemas
        let isCredential = CredentialNames.isField(bytes, name)
        // Without its schema a tool is another one.
        let isSchema = isCredential && holdsSchemas && CredentialSchema.stands(in: bytes, at: value)
        let isHit = isCredential && !isSchema
        frames[frames.count - 1].isHit = isHit
        frames[frames.count - 1].nextPlace = isSchema ? .schema : place(of: name, bytes, value)
        if !frame.states.isEmpty {
            let (states, isPath) = advance(frame.states, .member(JSONScan.string(bytes, name)))
            frames[frames.count - 1].next = states
            frames[frames.count - 1].isHit = isHit || isPath
        }
        at = colon + 1
    }

    /// Of the value of a member of the innermost object.
    private func place(of name: Range<Int>, _ bytes: borrowing Span<UInt8>, _ value: Int) -> CredentialSchema.Place {
        switch frames.last?.place ?? .other {
        case .other, .properties: CredentialSchema.areProperties(bytes, name) ? .properties : .other
        case .schema: CredentialSchema.place(of: name, bytes, value)
        case .schemas: .schema
        case .told, .credential: .credential
        }
    }

    private func skipSpace(_ bytes: borrowing Span<UInt8>, _ start: Int) -> Int {
        var at = start
        while at < end, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[at]) { at += 1 }
        return at
    }

    private func endOfScalar(_ bytes: borrowing Span<UInt8>) -> Int {
        min(end, max(at + 1, JSONScan.endOfValue(bytes, at) ?? end))
    }

    /// Where paths lead by one step, and whether one of them ends there.
    private func advance(_ states: [State], _ taken: JSONRedaction.Step) -> (states: [State], isHit: Bool) {
        guard !states.isEmpty else { return ([], false) }
        var next: [State] = []
        var isHit = false
        for state in states {
            let path = paths[state.path]
            var step = state.step
            if path[step] == .anyDepth {
                next.append(state)
                step += 1
            }
            let isMatch =
                switch (path[step], taken) {
                case (.anyMember, .member): true
                default: path[step] == taken
                }
            guard isMatch else { continue }
            if step + 1 == path.count { isHit = true } else { next.append(State(path: state.path, step: step + 1)) }
        }
        return (next, isHit)
    }
}
