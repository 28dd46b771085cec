/// What the body of a call to a model says of the answer that is wanted, as spans tell it; `nil` where it does not say.
package struct RequestParameters: Sendable, Equatable {
    /// Bytes of a body that are read: what stands behind them is not told.
    private static let longest = 256 << 10

    /// The most tokens that the caller wants.
    package var maxTokens: Int64?
    package var temperature: Double?
    package var topP: Double?
    package var seed: Int64?
    /// The id of the conversation that it goes on, of OpenAI's responses.
    package var conversation = ""

    package init(maxTokens: Int64? = nil) {
        self.maxTokens = maxTokens
    }

    /// Of the beginning of a body that is one JSON object; any other says nothing.
    package init(of body: borrowing Span<UInt8>, maxTokens: Int64?) {
        self.init(maxTokens: maxTokens)
        let bytes = body.extracting(first: Self.longest)
        _ = JSONScan.members(of: bytes) { member in
            let (name, value) = (member.name, member.value)
            // Most names are told apart by their length alone.
            switch name.count {
            case 4 where JSONScan.matches(bytes, name, "seed"): seed = JSONScan.signedInteger(bytes, value)
            case 5 where JSONScan.matches(bytes, name, "top_p"): topP = JSONScan.number(bytes, value)
            case 11 where JSONScan.matches(bytes, name, "temperature"): temperature = JSONScan.number(bytes, value)
            case 12 where JSONScan.matches(bytes, name, "conversation"):
                conversation = Self.identity(bytes, value) ?? ""
            default: break
            }
        }
    }

    /// Of something that is named by its id, or told whole.
    private static func identity(_ bytes: borrowing Span<UInt8>, _ value: Range<Int>) -> String? {
        guard bytes[value.lowerBound] == UInt8(ascii: "{") else { return JSONScan.identifier(bytes, value) }
        var id: String?
        _ = JSONScan.members(of: bytes, from: value.lowerBound) { member in
            if JSONScan.matches(bytes, member.name, "id") { id = JSONScan.identifier(bytes, member.value) }
        }
        return id
    }
}
