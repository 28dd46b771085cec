/// What the events of a stream, or the lines of an NDJSON body, assemble to.
package enum StreamText: Sendable, Equatable {
    /// The pieces of text that they bring, put together.
    case text(String)
    /// They bring none that is known: each by itself.
    case events([JSONTree])

    /// Knows OpenAI's chats, completions and responses, Anthropic's messages, Ollama's and KServe's lines, and TGI's tokens.
    ///
    /// - Parameter isCut: then an event that is no whole one is left out.
    package static func read(_ body: [UInt8], isCut: Bool) -> StreamText {
        var pieces: [Int: String] = [:]
        var events: [JSONTree] = []
        var isKnown = false
        for line in payloads(of: body) {
            guard let event = JSONTree.read(Array(line)) else {
                // Of a stream that is no JSON the lines are its text.
                if !isCut || line.endIndex < body.endIndex {
                    pieces[0, default: ""] += String(decoding: line, as: UTF8.self) + "\n"
                }
                continue
            }
            events.append(event)
            for piece in Self.pieces(of: event) {
                isKnown = true
                pieces[piece.choice, default: ""] += piece.text
            }
        }
        if !isKnown, !events.isEmpty { return .events(events) }
        return .text(pieces.sorted { $0.key < $1.key }.map(\.value).joined(separator: "\n"))
    }

    private struct Piece {
        var choice = 0
        var text: String
    }

    /// The data of events, or the lines themselves; without the mark that OpenAI's streams end with.
    private static func payloads(of body: [UInt8]) -> [ArraySlice<UInt8>] {
        body.split { $0 == 0x0a || $0 == 0x0d }.compactMap { line -> ArraySlice<UInt8>? in
            if [":", "event:", "id:", "retry:"].contains(where: { line.starts(with: $0.utf8) }) { return nil }
            let data = line.starts(with: "data:".utf8) ? line.dropFirst(5) : line
            let payload = data.drop { $0 == 0x20 }
            return payload.isEmpty || payload.elementsEqual("[DONE]".utf8) ? nil : payload
        }
    }

    private static func pieces(of event: JSONTree) -> [Piece] {
        if let error = event["error"] { return [Piece(text: "[error] " + (error["message"] ?? error).shown)] }
        if let choices = event["choices"] {
            return choices.elements.enumerated().map { place, choice in
                let index = choice["index"].flatMap { Int($0.shown) } ?? place
                let said = choice["delta"] ?? choice["message"] ?? choice
                return Piece(choice: index, text: text(of: said))
            }
        }
        if let delta = event["delta"] { return [Piece(text: delta.string ?? text(of: delta))] }
        if let message = event["message"], message["content"]?.string != nil { return [Piece(text: text(of: message))] }
        let known = event["token"]?["text"] ?? event["response"] ?? event["text_output"]
        return [known?.string].compactMap(\.self).map { Piece(text: $0) }
    }

    private static func text(of delta: JSONTree) -> String {
        let names = ["reasoning_content", "thinking", "content", "text", "partial_json"]
        let calls = (delta["tool_calls"]?.elements ?? []).compactMap { $0["function"] }
        let called = calls.map { ($0["name"]?.string ?? "") + ($0["arguments"]?.string ?? "") }
        return names.compactMap { delta[$0]?.string }.joined() + called.joined()
    }
}
