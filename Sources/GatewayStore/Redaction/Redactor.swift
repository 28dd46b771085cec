import GatewayCore
import Synchronization

/// Takes out of captures what must not be stored (SECURITY D-1), and shows in its place of which kind it was.
struct Redactor: Sendable {
    /// Stands for credentials, and for what rules name.
    private static let credential = "[credential]"
    private static let field = "[field]"
    private static let tooDeep = "[removed: it is nested too deep to be looked through]"

    private let rule: RedactionRule
    private let hiddenHeaders: Set<String>
    private let json: JSONRedaction
    private let patterns: TextPatterns
    /// Whether a path takes out the body's `model`, which stands in the receipt too.
    private let hidesModel: Bool

    init(_ rule: RedactionRule) {
        self.rule = rule
        hiddenHeaders = Set(rule.headers.map { $0.lowercased() })
        json = JSONRedaction(paths: rule.paths)
        patterns = TextPatterns(rule)
        let named = Array(#"{"model":"m"}"#.utf8)
        hidesModel = json.ranges(in: named.span, 0..<named.count)?.isEmpty != true
    }

    func redact(_ capture: Capture) -> Capture {
        var redacted = capture
        redacted.query = redactPairs(capture.query, CredentialNames.isQuery)
        redacted.receipt.path = patterns.redact(encoded: capture.receipt.path)
        redacted.receipt.model = hidesModel ? Self.field : patterns.redact(capture.receipt.model)
        let request = capture.request.decoded()
        redacted.request = redact(request, keeping: capture.rule.headers)
        redacted.response = redact(capture.response.decoded(), keeping: capture.rule.headers)
        redacted.loss = loss(of: capture, request, as: redacted)
        return redacted
    }

    /// - Parameter request: without its content coding.
    private func loss(of capture: Capture, _ request: CapturedMessage, as redacted: Capture) -> CaptureLoss {
        var loss: CaptureLoss = []
        if !capture.rule.keepsRequest { loss.insert(.request) }
        if !capture.rule.keepsResponse { loss.insert(.response) }
        if redacted.query != capture.query || redacted.receipt.path != capture.receipt.path
            || redacted.request.body != request.body || request.isReplaced(of: capture.request)
            || request.body != capture.request.body && capture.request.codings.isEmpty
        {
            loss.insert(.requestContent)
        }
        if redacted.request.headers != request.headers { loss.insert(.requestHeaders) }
        return loss
    }

    /// - Parameter message: without its content coding.
    private func redact(_ message: CapturedMessage, keeping kept: [String]?) -> CapturedMessage {
        var message = message
        redactBody(&message)
        if let kept { message.headers.removeAll { !kept.contains($0.name.lowercased()) } }
        for index in message.headers.indices {
            let name = message.headers[index].name
            message.headers[index].value =
                if CredentialNames.isHeader(name) {
                    Self.credential
                } else if !hiddenHeaders.isEmpty, hiddenHeaders.contains(name.lowercased()) {
                    "[header]"
                } else {
                    patterns.redact(message.headers[index].value)
                }
        }
        return message
    }

    private func redactBody(_ message: inout CapturedMessage) {
        guard !message.body.isEmpty, !message.isMedia else { return }
        guard !message.isWide else {
            return message.replaceBody(with: "[removed: it is UTF-16 or UTF-32, and cannot be looked through]")
        }
        message.dropUnfinished()
        switch message.form {
        case .pairs:
            let text = String(decoding: message.body, as: UTF8.self)
            // As pairs only: `&code=` is none of a URL here.
            message.body = Array(redactPairs(text, CredentialNames.isField).utf8)
            return
        case .json: redactJSON(&message)
        case .lines:
            let hasPieces = redactEvents(&message, ofJSON: true)
            // First: of what is found in one event its beginning may stand in the one before.
            patterns.redactStream(&message)
            if hasPieces { redactEvents(&message, ofJSON: false) }
        case .other: redactForm(&message)
        }
        if StreamedText.hasEscapes(message.body) { patterns.redactEscaped(&message) }
        patterns.redact(&message)
    }

    /// Of a form's parts those whose names say that they are credentials, and the same in those that are JSON.
    private func redactForm(_ message: inout CapturedMessage) {
        guard let form = FormParts(message) else { return }
        var edits: [CapturedMessage.Edit] = []
        for part in form.parts where !part.content.isEmpty {
            let first = message.body[part.content.lowerBound]
            if CredentialNames.isField(part.name) {
                edits.append(CapturedMessage.Edit(range: part.content, text: Self.field))
            } else if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
                let found = json.ranges(in: message.body.span, part.content)
                edits += (found ?? [part.content]).map { CapturedMessage.Edit(range: $0, text: "\"\(Self.field)\"") }
            }
        }
        message.apply(edits)
    }

    private func redactJSON(_ message: inout CapturedMessage) {
        guard let found = json.ranges(in: message.body.span, 0..<message.body.count) else {
            return message.replaceBody(with: Self.tooDeep)
        }
        message.replace(found, with: "\"\(Self.field)\"")
    }

    /// - Returns: whether others have members too: pieces of texts that look like JSON.
    @discardableResult
    private func redactEvents(_ message: inout CapturedMessage, ofJSON isJSON: Bool) -> Bool {
        var edits: [CapturedMessage.Edit] = []
        var hasOthers = false
        for event in EventReader(message).events where event.hasMembers(message.body) {
            guard event.isJSON == isJSON else {
                hasOthers = true
                continue
            }
            let joined = event.lines.count > 1 ? JoinedLines(event.lines, of: message.body) : nil
            let found =
                if let joined {
                    json.ranges(in: joined.bytes.span, 0..<joined.bytes.count)
                } else {
                    json.ranges(in: message.body.span, event.lines[0])
                }
            guard let found else {
                message.replaceBody(with: Self.tooDeep)
                return false
            }
            for range in found {
                var text = "\"\(Self.field)\""
                for place in joined?.places(of: range) ?? [range] {
                    edits.append(CapturedMessage.Edit(range: place, text: text))
                    text = ""
                }
            }
        }
        message.apply(edits)
        return hasOthers
    }

    /// Of `name=value&…` the values whose names say that they are credentials, and what is one in any other pair.
    private func redactPairs(_ text: String, _ isCredential: (String) -> Bool) -> String {
        guard !text.isEmpty else { return text }
        let (and, equals) = (UInt8(ascii: "&"), UInt8(ascii: "="))
        let pairs = text.utf8.split(separator: and, omittingEmptySubsequences: false).map { bytes -> String in
            let pair = String(Substring(bytes))
            let spelled = String(Substring(bytes.prefix { $0 != equals }))
            let name = spelled.percentDecoded(plusIsSpace: true)
            if spelled.utf8.count < pair.utf8.count, isCredential(name) { return "\(spelled)=\(Self.credential)" }
            let plain = pair.percentDecoded(plusIsSpace: true)
            let redacted = patterns.redact(plain)
            // What is found only once it is decoded goes whole.
            guard redacted != plain else { return plain == pair ? pair : patterns.redact(pair) }
            return redacted.hasPrefix(name + "=") ? "\(spelled)\(redacted.dropFirst(name.count))" : redacted
        }
        return pairs.joined(separator: "&")
    }
}

/// Redactors by their rule, made once: to compile expressions takes longer than to use them.
final class RedactorCache: Sendable {
    private static let most = 256
    private let known = Mutex<[RedactionRule: Redactor]>([:])

    subscript(rule: RedactionRule) -> Redactor {
        if let redactor = known.withLock({ $0[rule] }) { return redactor }
        let made = Redactor(rule)
        known.withLock { known in
            if known.count >= Self.most { known.removeAll() }
            known[rule] = made
        }
        return made
    }
}
