/// JSON with its members in order, into which bodies go as they are: their numbers keep their spelling.
indirect enum ExportValue {
    case text(String)
    case number(Int64)
    case flag(Bool)
    case list([ExportValue])
    /// Members without a value are left out.
    case object([(String, ExportValue?)])
    /// JSON on one line.
    case raw(String)

    /// On one line.
    var json: String {
        var json = ""
        write(to: &json)
        return json
    }

    private func write(to json: inout String) {
        switch self {
        case .text(let text): Self.write(text, to: &json)
        case .number(let number): json += String(number)
        case .flag(let flag): json += flag ? "true" : "false"
        case .raw(let text): json += text
        case .list(let list):
            json += "["
            for (index, value) in list.enumerated() {
                if index > 0 { json += "," }
                value.write(to: &json)
            }
            json += "]"
        case .object(let members):
            json += "{"
            var isFirst = true
            for case (let name, let value?) in members {
                if !isFirst { json += "," }
                isFirst = false
                Self.write(name, to: &json)
                json += ":"
                value.write(to: &json)
            }
            json += "}"
        }
    }

    /// Line ends of other scripts are escaped as well: there are readers that split lines at them.
    private static func write(_ text: String, to json: inout String) {
        json += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": json += "\\\""
            case "\\": json += "\\\\"
            case "\n": json += "\\n"
            case "\r": json += "\\r"
            case "\t": json += "\\t"
            case "\u{0}"..."\u{1f}", "\u{7f}"..."\u{9f}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: json.unicodeScalars.append(scalar)
            }
        }
        json += "\""
    }
}

extension ExportValue: ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral {
    init(stringLiteral text: String) { self = .text(text) }

    init(dictionaryLiteral members: (String, ExportValue?)...) { self = .object(members) }
}
