/// What a deployment's answers cost; what is left out costs nothing.
package struct PriceResource: Codable, Sendable, Hashable {
    package var inputPer1kTokens: Money
    package var outputPer1kTokens: Money
    package var perRequest: Money

    package init(
        inputPer1kTokens: Money = Money(millionths: 0),
        outputPer1kTokens: Money = Money(millionths: 0),
        perRequest: Money = Money(millionths: 0)
    ) {
        self.inputPer1kTokens = inputPer1kTokens
        self.outputPer1kTokens = outputPer1kTokens
        self.perRequest = perRequest
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case inputPer1kTokens
        case outputPer1kTokens
        case perRequest
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        let nothing = Money(millionths: 0)
        self.init(
            inputPer1kTokens: try members.value(.inputPer1kTokens, or: nothing),
            outputPer1kTokens: try members.value(.outputPer1kTokens, or: nothing),
            perRequest: try members.value(.perRequest, or: nothing)
        )
    }
}
