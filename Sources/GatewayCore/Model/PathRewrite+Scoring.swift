extension PathRewrite {
    private static let scoring = "/score"
    private static let longestPrefix = 256

    /// Leads `/score`, and what is below it, to the scoring route of an environment.
    ///
    /// Without one that is said, nothing changes; nor with `/score` itself, or what no path may begin with.
    package init?(scoringRoute route: String?) {
        guard let route, route != Self.scoring, Self.isScoringRoute(route) else { return nil }
        self.init(stripPrefix: Self.scoring, addPrefix: route == "/" ? "" : route)
    }

    /// Whether requests can be led to this path.
    package static func isScoringRoute(_ text: String) -> Bool { text == "/" || isPrefix(text) }

    /// What people are told of a route that requests cannot be led to.
    package static func scoringAdvice(_ route: String) -> String {
        "scoring_route \(route.debugDescription) has no effect: it must begin with /, not end in one, and hold no ?, # or .."
    }

    /// What stands before a path on the request line: nothing of it may end the path or climb out of it.
    package static func isPrefix(_ text: String) -> Bool {
        (2...longestPrefix).contains(text.utf8.count) && text.hasPrefix("/") && !text.hasSuffix("/")
            && text.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != 0x3f && $0 != 0x23 && $0 != 0x5c }
            && !text.split(separator: "/").contains { $0 == "." || $0 == ".." }
    }
}
