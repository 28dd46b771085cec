package import GatewayCore

/// The `runtimes:` table of `gatehouse.yaml`: what serves deployments whose clients cannot say it.
package struct RuntimeTable: Sendable, Equatable {
    /// Patterns, all of which must match that are there, and what serves then.
    package struct Entry: Sendable, Equatable {
        package var tenant: String?
        package var environment: String?
        package var image: String?
        package var model: String?
        package var serving: Serving

        package init(
            tenant: String? = nil,
            environment: String? = nil,
            image: String? = nil,
            model: String? = nil,
            serving: Serving
        ) {
            self.tenant = tenant
            self.environment = environment
            self.image = image
            self.model = model
            self.serving = serving
        }
    }

    /// What a deployment is known by; environments and models as `name:version`.
    struct Subject: Sendable, Equatable {
        var tenant: String
        var environment: String?
        var image: String?
        var model: String?
    }

    package let entries: [Entry]

    package init(_ entries: [Entry] = []) {
        self.entries = entries
    }

    /// The first entry that matches.
    func serving(of subject: Subject) -> Serving? {
        entries.first { entry in
            Self.matches(entry.tenant, subject.tenant)
                && Self.matchesVersioned(entry.environment, subject.environment)
                && Self.matches(entry.image, subject.image)
                && Self.matchesVersioned(entry.model, subject.model)
        }?.serving
    }

    private static func matches(_ pattern: String?, _ text: String?) -> Bool {
        guard let pattern else { return true }
        return text.map { Glob(pattern).matches($0) } ?? false
    }

    /// A pattern without a colon is of the name alone.
    private static func matchesVersioned(_ pattern: String?, _ text: String?) -> Bool {
        guard let pattern, let text, !pattern.contains(":") else { return matches(pattern, text) }
        return matches(pattern, text.split(separator: ":").first.map(String.init))
    }
}

/// A pattern in which `*` stands for any text and `?` for one character.
struct Glob: Sendable, Equatable {
    private let pattern: [Character]

    init(_ pattern: String) {
        self.pattern = Array(pattern)
    }

    /// Takes time in proportion to both lengths at most.
    func matches(_ text: String) -> Bool {
        let text = Array(text)
        var (place, at) = (0, 0)
        // Where the last star was, and how much of the text it has taken.
        var star: Int?
        var taken = 0
        while at < text.count {
            if place < pattern.count, pattern[place] == "*" {
                star = place
                taken = at
                place += 1
            } else if place < pattern.count, pattern[place] == "?" || pattern[place] == text[at] {
                place += 1
                at += 1
            } else if let star {
                taken += 1
                place = star + 1
                at = taken
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == "*" }
    }
}
