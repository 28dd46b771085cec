/// What routing and rewriting need of a request body: found in place, the rest is never decoded.
package struct BodyFields: Sendable, Equatable {
    /// The caller's `model`; `nil` when the body names none.
    package let model: String?
    package let isStreamed: Bool
    /// Whether the caller asked for usage itself (`stream_options.include_usage`).
    package let includesUsage: Bool
    /// How many bytes were read: the whole body, or what of it was held.
    package let length: Int
    /// The most tokens that the caller wants in the answer: the greatest of `max_completion_tokens`, `max_tokens` and
    /// `max_output_tokens`.
    package let maxTokens: Int64?
    private let fault: Refusal.BodyFault?
    /// Every value of the member `model`, or the content of the form's part: all are replaced, since upstreams differ in
    /// which of two they take.
    private let modelRanges: [Range<Int>]
    private let isForm: Bool
    private let usageEdit: BodyEdit?
    /// Where members can be put into the object; `nil` when the body is no JSON object.
    private let place: Place?

    /// The position behind an object's opening brace.
    private struct Place: Equatable {
        let position: Int
        let isEmptyObject: Bool
    }

    /// The `model`, or why there is none.
    package func requireModel() throws(Refusal) -> String {
        if let fault { throw .bodyUnreadable(fault) }
        guard let model else { throw .bodyUnreadable(.noModel) }
        return model
    }

    /// The changes that turn the caller's body into the upstream's, in order of position.
    package func edits(model upstreamModel: String?, askForUsage: Bool) -> [BodyEdit] {
        var edits: [BodyEdit] = []
        var members: [String] = []
        if let upstreamModel, upstreamModel != model || modelRanges.count > 1 {
            // Form parts hold the bare name, JSON a quoted one.
            let text = isForm ? upstreamModel : Self.quoted(upstreamModel)
            for range in modelRanges { edits.append(BodyEdit(range: range, text: text)) }
            if modelRanges.isEmpty { members.append("\"model\":" + text) }
        }
        if askForUsage, !includesUsage {
            if let usageEdit {
                edits.append(usageEdit)
            } else {
                members.append("\"stream_options\":{\"include_usage\":true}")
            }
        }
        if let place, !members.isEmpty {
            let text = members.joined(separator: ",") + (place.isEmptyObject ? "" : ",")
            edits.append(BodyEdit(range: place.position..<place.position, text: text))
        }
        return edits.sorted { $0.range.lowerBound < $1.range.lowerBound }
    }

    /// Whether bodies of this type are read at all.
    package static func isReadable(_ contentType: String?) -> Bool {
        guard let contentType else { return true }
        let type = contentType.prefix { $0 != ";" }.lowercased()
        return type.contains("json") || type.hasPrefix("multipart/form-data")
    }

    /// Reads a body, or as much of it as is held.
    package init(of bytes: borrowing Span<UInt8>, contentType: String?) {
        if let contentType, let boundary = MultipartField.boundary(in: contentType) {
            let models = MultipartField.find("model", in: bytes, boundary: boundary)
            // Servers that look at no content type take an object for what it is.
            if models.isEmpty, Self.beginsObject(bytes) {
                self.init(json: bytes)
            } else {
                self.init(form: bytes, models)
            }
        } else {
            self.init(json: bytes)
        }
    }

    private static func beginsObject(_ bytes: borrowing Span<UInt8>) -> Bool {
        let start = JSONScan.skipSpace(bytes, 0)
        return start < bytes.count && bytes[start] == UInt8(ascii: "{")
    }

    private init(form bytes: borrowing Span<UInt8>, _ models: [Range<Int>]) {
        length = bytes.count
        modelRanges = models
        isForm = true
        model = modelRanges.first.map { JSONScan.plain(bytes, $0) }
        isStreamed = false
        includesUsage = false
        maxTokens = nil
        fault = modelRanges.count > 1 ? .modelTwice : nil
        usageEdit = nil
        place = nil
    }

    private init(json bytes: borrowing Span<UInt8>) {
        var models: [Range<Int>] = []
        var stream: Range<Int>?
        var options: Range<Int>?
        var most: Int64?
        var answers: Int64 = 1
        let outcome = JSONScan.members(of: bytes) { member in
            if JSONScan.matches(bytes, member.name, "model") { models.append(member.value) }
            if JSONScan.matches(bytes, member.name, "stream") { stream = member.value }
            if JSONScan.matches(bytes, member.name, "stream_options") { options = member.value }
            if Self.isTokenBound(bytes, member.name), let count = JSONScan.integer(bytes, member.value) {
                most = max(most ?? 0, count)
            }
            if JSONScan.matches(bytes, member.name, "inputs") { answers = Self.count(bytes, member.value) }
            if JSONScan.matches(bytes, member.name, "parameters"), let count = Self.newTokens(bytes, member.value) {
                most = max(most ?? 0, count)
            }
        }
        if let bound = most, answers > 1 {
            // As many as a number of a body can say at most.
            most = Int64(min(Int128(bound) * Int128(answers), 999_999_999_999_999_999))
        }
        let isText = models.first.map { bytes[$0.lowerBound] == UInt8(ascii: "\"") } ?? true
        modelRanges = models
        maxTokens = most
        length = bytes.count
        isForm = false
        model = (isText ? models.first : nil).map { JSONScan.string(bytes, $0.lowerBound + 1..<$0.upperBound - 1) }
        isStreamed = stream.map { bytes[$0.lowerBound] == UInt8(ascii: "t") } ?? false
        fault =
            if outcome == .notAnObject { .notJSON } else if models.count > 1 { .modelTwice } else if !isText {
                .modelNotText
            } else { nil }
        place = outcome == .notAnObject ? nil : Self.place(in: bytes)
        let usage = options.map { Self.usage(in: bytes, options: $0) }
        includesUsage = usage?.isAsked ?? false
        usageEdit = usage?.edit
    }

    /// Hugging Face's bound of an answer.
    private static func newTokens(_ bytes: borrowing Span<UInt8>, _ value: Range<Int>) -> Int64? {
        guard bytes[value.lowerBound] == UInt8(ascii: "{") else { return nil }
        var count: Int64?
        _ = JSONScan.members(of: bytes, from: value.lowerBound) { member in
            if JSONScan.matches(bytes, member.name, "max_new_tokens") { count = JSONScan.integer(bytes, member.value) }
        }
        return count
    }

    /// How many elements a list has, each of which gets an answer; 1 for anything else.
    private static func count(_ bytes: borrowing Span<UInt8>, _ value: Range<Int>) -> Int64 {
        guard bytes[value.lowerBound] == UInt8(ascii: "[") else { return 1 }
        var (count, depth) = (Int64(1), 0)
        var (isText, isEscaped) = (false, false)
        for index in value {
            let byte = bytes[index]
            if isEscaped {
                isEscaped = false
            } else if isText {
                isEscaped = byte == UInt8(ascii: "\\")
                isText = byte != UInt8(ascii: "\"")
            } else {
                switch byte {
                case UInt8(ascii: "\""): isText = true
                case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
                case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
                case UInt8(ascii: ","): count += depth == 1 ? 1 : 0
                default: break
                }
            }
        }
        return count
    }

    private static func isTokenBound(_ bytes: borrowing Span<UInt8>, _ name: Range<Int>) -> Bool {
        // Most names are told apart by their length alone.
        switch name.count {
        case 10: JSONScan.matches(bytes, name, "max_tokens")
        case 17: JSONScan.matches(bytes, name, "max_output_tokens")
        case 21: JSONScan.matches(bytes, name, "max_completion_tokens")
        default: hasEscape(bytes, name) && isEscapedTokenBound(JSONScan.string(bytes, name))
        }
    }

    private static func hasEscape(_ bytes: borrowing Span<UInt8>, _ name: Range<Int>) -> Bool {
        for index in name where bytes[index] == UInt8(ascii: "\\") { return true }
        return false
    }

    private static func isEscapedTokenBound(_ name: String) -> Bool {
        name == "max_tokens" || name == "max_output_tokens" || name == "max_completion_tokens"
    }

    private static func place(in bytes: borrowing Span<UInt8>) -> Place? {
        let position = JSONScan.skipSpace(bytes, 0) + 1
        // Nothing but white space has come.
        guard position <= bytes.count else { return nil }
        let next = JSONScan.skipSpace(bytes, position)
        return Place(position: position, isEmptyObject: next < bytes.count && bytes[next] == UInt8(ascii: "}"))
    }

    /// Whether `stream_options` ask for usage, and the change that makes them.
    private static func usage(
        in bytes: borrowing Span<UInt8>,
        options: Range<Int>
    ) -> (isAsked: Bool, edit: BodyEdit?) {
        guard bytes[options.lowerBound] == UInt8(ascii: "{") else {
            return (false, BodyEdit(range: options, text: "{\"include_usage\":true}"))
        }
        var asked: Range<Int>?
        var isEmpty = true
        _ = JSONScan.members(of: bytes, from: options.lowerBound) { member in
            isEmpty = false
            if JSONScan.matches(bytes, member.name, "include_usage") { asked = member.value }
        }
        guard let asked else {
            let start = options.lowerBound + 1
            return (false, BodyEdit(range: start..<start, text: "\"include_usage\":true" + (isEmpty ? "" : ",")))
        }
        guard bytes[asked.lowerBound] != UInt8(ascii: "t") else { return (true, nil) }
        return (false, BodyEdit(range: asked, text: "true"))
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            default:
                if scalar.value < 0x20 {
                    let hex = String(scalar.value, radix: 16)
                    quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                } else {
                    quoted.unicodeScalars.append(scalar)
                }
            }
        }
        return quoted + "\""
    }
}

/// Put `text` in the place of these bytes.
package struct BodyEdit: Sendable, Equatable {
    package let range: Range<Int>
    package let text: String
}
