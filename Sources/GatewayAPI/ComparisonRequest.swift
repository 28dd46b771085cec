/// Asks for a comparison: of captured requests that are replayed, or of mirrored pairs that were captured.
package struct ComparisonRequest: Codable, Sendable, Equatable {
    package var endpoint: String
    /// The deployment whose answers are compared: those to replayed requests, or those of the mirror.
    package var to: String
    /// Of a replay: `1x`, as the requests came, or `max`, one behind another; left out, `max`.
    package var speed: String?
    /// Of a replay: how many requests run at once, 1 to 64; left out 8, at `1x` 64.
    package var concurrency: Int?
    /// How many of the newest, 1 to 10,000; left out, 1,000.
    package var limit: Int?
    /// Which captures, as their list filters them; of a replay `deployment` is the one that answered then.
    package var deployment: String?
    package var caller: String?
    package var requestId: String?
    package var status: String?
    package var since: String?
    package var until: String?
    package var slowerThanMs: Int64?
    package var tokens: Int64?
    package var label: String?
    package var text: String?
    /// Further members that are not compared: names, or fields as `.choices[].logprobs`.
    package var ignore: [String]?
    /// Members that are compared although they are left out, or only measured, as a rule.
    package var compare: [String]?
    /// How alike texts are that agree, 0 to 1; left out, 1.
    package var similarity: Double?
    /// By what share numbers may differ that agree, 0 to 1; left out, 0.
    package var tolerance: Double?
    /// The share of pairs that may differ, 0 to 1; left out, 0.01.
    package var differing: Double?
    /// How many times as slow it may be, from 1 on; left out, 1.5, and any number of latencies that come of several replayed
    /// requests at once.
    package var slower: Double?

    package init(endpoint: String, to: String) {
        self.endpoint = endpoint
        self.to = to
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case endpoint
        case to
        case speed
        case concurrency
        case limit
        case deployment
        case caller
        case requestId
        case status
        case since
        case until
        case slowerThanMs
        case tokens
        case label
        case text
        case ignore
        case compare
        case similarity
        case tolerance
        case differing
        case slower
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            endpoint: try members.decode(String.self, forKey: .endpoint),
            to: try members.decode(String.self, forKey: .to)
        )
        speed = try members.value(.speed)
        concurrency = try members.value(.concurrency)
        limit = try members.value(.limit)
        deployment = try members.value(.deployment)
        caller = try members.value(.caller)
        requestId = try members.value(.requestId)
        status = try members.value(.status)
        since = try members.value(.since)
        until = try members.value(.until)
        slowerThanMs = try members.value(.slowerThanMs)
        tokens = try members.value(.tokens)
        label = try members.value(.label)
        text = try members.value(.text)
        ignore = try members.value(.ignore)
        compare = try members.value(.compare)
        similarity = try members.value(.similarity)
        tolerance = try members.value(.tolerance)
        differing = try members.value(.differing)
        slower = try members.value(.slower)
    }
}
