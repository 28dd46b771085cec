/// One event of the log as a JSON object on one line: its time, level and message come first.
struct JSONLogLine {
    private var text: String
    private var names: Set<String> = []

    init(time: String, level: String, message: String) {
        text = "{"
        for (name, value) in [("time", time), ("level", level), ("message", message)] { add(name, value) }
    }

    /// A name that is taken gets a mark: a member twice is read in different ways.
    mutating func add(_ name: String, _ value: String) {
        var name = name
        while !names.insert(name).inserted { name += "_" }
        if text.utf8.count > 1 { text += "," }
        append(name)
        text += ":"
        append(value)
    }

    /// With its end.
    var bytes: [UInt8] { Array("\(text)}\n".utf8) }

    private mutating func append(_ value: String) {
        text += "\""
        for scalar in value.unicodeScalars {
            if scalar == "\"" || scalar == "\\" {
                text += "\\"
                text.unicodeScalars.append(scalar)
            } else if scalar.isPlainInLog {
                text.unicodeScalars.append(scalar)
            } else {
                for unit in String(scalar).utf16 { text += "\\u\(Self.digits(unit))" }
            }
        }
        text += "\""
    }

    private static func digits(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}

extension Unicode.Scalar {
    /// Whether it can stand in a line of a log as it is: not what ends a line or moves the cursor on some terminal, nor what
    /// turns or hides the text around it.
    package var isPlainInLog: Bool {
        if isASCII { return value >= 0x20 && value != 0x7f }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: return false
        default: return true
        }
    }
}
