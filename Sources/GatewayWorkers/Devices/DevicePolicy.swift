/// Which devices workers may be put on: `workers.devices` of the configuration.
package enum DevicePolicy: Sendable, Equatable, CustomStringConvertible {
    /// All GPUs, and the CPU where none has room.
    case auto
    case cpu
    /// These GPUs, and the CPU where none of them has room.
    case only([Choice])

    /// One GPU of a list.
    package enum Choice: Sendable, Equatable, CustomStringConvertible {
        /// Its place in what `gatehouse devices` shows.
        case index(Int)
        /// What its backend calls it.
        case name(String)

        package var description: String {
            switch self {
            case .index(let index): "\(index)"
            case .name(let name): name
            }
        }

        func names(_ device: Device) -> Bool {
            switch self {
            case .index(let index): device.index == index
            case .name(let name): device.name == name
            }
        }
    }

    /// Reads `auto`, `cpu` or what a list has between its brackets, `0, CUDA1`; `nil` when it is none of these, empty, or has
    /// something twice.
    package init?(_ text: String) {
        switch text {
        case "auto": self = .auto
        case "cpu": self = .cpu
        default:
            let inner = text.hasPrefix("[") && text.hasSuffix("]") ? text.dropFirst().dropLast() : text[...]
            self.init(list: inner.split(separator: ",", omittingEmptySubsequences: false).map(Self.trimmed))
        }
    }

    /// Reads a list's entries.
    package init?(list: [String]) {
        var choices: [Choice] = []
        for entry in list {
            guard let choice = Self.choice(entry), !choices.contains(choice) else { return nil }
            choices.append(choice)
        }
        guard !choices.isEmpty else { return nil }
        self = .only(choices)
    }

    private static func choice(_ text: String) -> Choice? {
        if let index = Int(text) { return (0..<256).contains(index) && text == "\(index)" ? .index(index) : nil }
        guard let first = text.utf8.first, UInt8(ascii: "A")...UInt8(ascii: "Z") ~= first & 0xDF, text.utf8.count <= 64,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), text != "auto", text.lowercased() != "cpu"
        else { return nil }
        return .name(text)
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }

    package var description: String {
        switch self {
        case .auto: "auto"
        case .cpu: "cpu"
        case .only(let choices): choices.map(\.description).joined(separator: ", ")
        }
    }

    /// Whether workers may be put on a device.
    package func allows(_ device: Device) -> Bool {
        guard device.kind == .gpu || device.kind == .integrated else { return true }
        switch self {
        case .auto: return true
        case .cpu: return false
        case .only(let choices): return choices.contains { $0.names(device) }
        }
    }
}
