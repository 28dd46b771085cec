import GatewayAPI
import Yams

extension YAMLMapping {
    func string(_ key: String) -> String? {
        guard let member = self[key] else { return nil }
        guard case .scalar(let scalar) = member.node else {
            refuse(key, "must be text")
            return nil
        }
        if member.node.tag == Tag(.bool) {
            refuse(key, "\(scalar.string) is a boolean in YAML", hint: "put it in quotes")
            return nil
        }
        return scalar.string
    }

    func requiredString(_ key: String) -> String? {
        if self[key] == nil { refuse(key, "is required") }
        return string(key)
    }

    /// Integers accept numeric text, and fractions are cut off, as Azure's own reader does.
    func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let member = self[key] else { return nil }
        guard case .scalar(let scalar) = member.node, let number = Self.integer(scalar.string) else {
            refuse(key, "must be a whole number")
            return nil
        }
        guard range.contains(number) else {
            let upper =
                range.upperBound == .max ? "at least \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
            refuse(key, "\(number) is out of range", hint: "it must be \(upper)")
            return nil
        }
        return number
    }

    /// A number that may have a fraction.
    func number(_ key: String, in range: ClosedRange<Double>) -> Double? {
        guard let member = self[key] else { return nil }
        guard let number = member.node.scalar.flatMap({ Double($0.string) }), range.contains(number) else {
            refuse(key, "must be a number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    func boolean(_ key: String) -> Bool? {
        guard let member = self[key] else { return nil }
        switch member.node.scalar?.string.lowercased() {
        case "yes", "true", "1", "on", "y", "t": return true
        case "no", "false", "0", "off", "n", "f": return false
        default:
            refuse(key, "must be true or false")
            return nil
        }
    }

    /// One of some words, whatever their case; `camelCase` is taken for `snake_case`.
    func word(_ key: String, of words: [String]) -> String? {
        string(key).flatMap { word(key, $0, of: words) }
    }

    /// A list of such words.
    func words(_ key: String, of words: [String]) -> [String]? {
        strings(key)?.compactMap { word(key, $0, of: words) }
    }

    private func word(_ key: String, _ text: String, of words: [String]) -> String? {
        let plain = text.lowercased().filter { $0 != "_" }
        if let word = words.first(where: { $0.lowercased().filter { $0 != "_" } == plain }) { return word }
        let nearest = NearestName.of(text, in: words).map { "did you mean \($0)?" }
        refuse(key, "\(text) is not one of \(words.joined(separator: ", "))", hint: nearest)
        return nil
    }

    func strings(_ key: String) -> [String]? {
        guard let member = self[key] else { return nil }
        guard case .sequence(let sequence) = member.node else {
            refuse(key, "must be a list", hint: "write [a, b]")
            return nil
        }
        var texts: [String] = []
        for node in sequence {
            guard let text = node.scalar?.string, !node.isNull else {
                refuse(key, "must be a list of texts")
                return nil
            }
            texts.append(text)
        }
        return texts
    }

    /// Names to any scalar values, as text.
    func stringMap(_ key: String) -> [String: String] {
        var map: [String: String] = [:]
        for (name, _, node) in entries(key) {
            guard let text = node.scalar?.string else {
                refuse(key, "\(name) must have one value, not a list or a mapping")
                continue
            }
            map[name] = node.isNull ? "" : text
        }
        return map
    }

    func integerMap(_ key: String) -> [String: Int] {
        var map: [String: Int] = [:]
        for (name, line, node) in entries(key) {
            guard let number = node.scalar.flatMap({ Self.integer($0.string) }), (0...100).contains(number) else {
                let message = "\(fullName(key)).\(name): must be a whole number from 0 to 100"
                log.note(DocumentProblem(file: file, line: line, message: message))
                continue
            }
            map[name] = number
        }
        return map
    }

    func object(_ key: String, known: [String], notBuilt: [String] = []) -> YAMLMapping? {
        guard let member = self[key] else { return nil }
        return YAMLMapping(
            member.node,
            file: file,
            path: fullName(key),
            known: known,
            notBuilt: notBuilt,
            log: log
        )
    }

    /// A list of mappings, every one with these keys.
    func objects(_ key: String, known: [String]) -> [YAMLMapping] {
        guard let member = self[key] else { return [] }
        guard case .sequence(let sequence) = member.node else {
            refuse(key, "must be a list", hint: "begin each entry with -")
            return []
        }
        return sequence.compactMap { node in
            YAMLMapping(node, file: file, path: fullName(key), known: known, log: log)
        }
    }

    /// A whole number of something, at least 1.
    func amount(_ key: String) -> Int64? { integer(key, in: 1...1_000_000_000_000_000).map(Int64.init) }

    /// A decimal number with at most six places.
    func money(_ key: String, atLeast least: Int64 = 0) -> Money? {
        guard let member = self[key] else { return nil }
        guard let money = member.node.scalar.flatMap({ Money($0.string) }) else {
            refuse(key, "must be a decimal number with at most six places", hint: "write 12.50 or 0.000125")
            return nil
        }
        if money.millionths < least { refuse(key, "\(money) is out of range", hint: "it must be more than 0") }
        return money
    }

    /// A span of time, in seconds.
    func seconds(_ key: String, in range: ClosedRange<Int64> = 0...HumaneDuration.longest) -> Int64? {
        guard let member = self[key] else { return nil }
        guard let span = member.node.scalar.flatMap({ HumaneDuration($0.string) }) else {
            refuse(key, "must be a span of time", hint: "write 24h, 30d or P30D")
            return nil
        }
        guard range.contains(span.seconds) else {
            let bounds = "\(HumaneDuration(seconds: range.lowerBound)) to \(HumaneDuration(seconds: range.upperBound))"
            refuse(key, "\(span) is out of range", hint: "it must be \(bounds)")
            return nil
        }
        return span.seconds
    }

    /// An instant in ISO 8601; a file says the same whenever it is applied, so it takes no span from now.
    func time(_ key: String) -> String? {
        guard let text = string(key) else { return nil }
        guard let date = HumaneTime.readISO(text) else {
            refuse(key, "\(text) is not a time", hint: "write 2026-12-31 or 2026-12-31T18:00:00Z")
            return nil
        }
        return HumaneTime.text(date)
    }

    private func entries(_ key: String) -> [(name: String, line: Int, node: Node)] {
        guard let member = self[key] else { return [] }
        guard let entries = Self.entries(member.node) else {
            refuse(key, "must be a mapping of names to values")
            return []
        }
        return entries
    }

    private static func integer(_ text: String) -> Int? {
        if let number = Int(text) { return number }
        guard let number = Double(text), abs(number) < 1e15 else { return nil }
        return Int(number)
    }
}
