import GatewayCore
import NIOHTTP1

extension TokenUsage {
    /// What a worker says beside answers whose form has no place for it; `nil` where it says nothing.
    init?(_ headers: HTTPHeaders) {
        self.init(
            prompt: Self.number("x-gatehouse-prompt-tokens", headers),
            completion: Self.number("x-gatehouse-completion-tokens", headers)
        )
        if prompt == nil, completion == nil { return nil }
    }

    private static func number(_ name: String, _ headers: HTTPHeaders) -> Int64? {
        headers.first(name: name).flatMap { Int64($0) }.flatMap { $0 >= 0 ? $0 : nil }
    }
}
