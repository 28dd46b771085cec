/// The body of a request that needs none: `{}`.
struct Nothing: Codable {}
