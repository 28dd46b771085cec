import GatewayAPI
import GatewayCore

extension Price {
    init(_ price: PriceResource) {
        self.init(
            perThousandInputTokens: price.inputPer1kTokens.millionths,
            perThousandOutputTokens: price.outputPer1kTokens.millionths,
            perRequest: price.perRequest.millionths
        )
    }
}

extension PriceResource {
    init(_ price: Price) {
        self.init(
            inputPer1kTokens: Money(millionths: price.perThousandInputTokens),
            outputPer1kTokens: Money(millionths: price.perThousandOutputTokens),
            perRequest: Money(millionths: price.perRequest)
        )
    }
}
