import GatewayCore
import Testing

@testable import GatewayAdmin

@Suite struct ServingChoiceTests {
    private static let pool = Serving.native(NativeDefinition(slots: 2))

    private static func subject(
        urls: [String]? = nil,
        model: String? = "m:1",
        file: ModelLocation = .missing("it has no model"),
        current: Serving? = nil
    ) -> ServingChoice.Subject {
        ServingChoice.Subject(
            path: "demo/chat/blue",
            tenant: "demo",
            urls: urls,
            environment: "e:3",
            image: "img:1",
            model: model,
            file: file,
            current: current
        )
    }

    private static func choice(_ entries: RuntimeTable.Entry...) -> ServingChoice {
        ServingChoice(runtimes: RuntimeTable(entries))
    }

    @Test func `the variable wins over everything`() throws {
        let choice = Self.choice(RuntimeTable.Entry(image: "*", serving: Self.pool))
        let subject = Self.subject(urls: ["http://127.0.0.1:1"], file: .file("/m.gguf"), current: Azure.upstream)
        #expect(try choice.serving(of: subject).serving == .upstream(UpstreamDefinition(urls: ["http://127.0.0.1:1"])))
    }

    @Test func `what a document made stays as it is`() throws {
        let choice = Self.choice(RuntimeTable.Entry(image: "*", serving: Self.pool))
        #expect(try choice.serving(of: Self.subject(current: Azure.upstream)) == .init(serving: Azure.upstream))
    }

    @Test func `the first entry of the table that matches wins over the pool`() throws {
        let choice = Self.choice(
            RuntimeTable.Entry(image: "other:*", serving: Self.pool),
            RuntimeTable.Entry(environment: "e", serving: Azure.upstream),
            RuntimeTable.Entry(image: "img:*", serving: Self.pool)
        )
        let chosen = try choice.serving(of: Self.subject(file: .file("/m.gguf")))
        #expect(chosen == .init(serving: Azure.upstream, isOwners: true))
    }

    @Test func `a model that the pool runs is run`() throws {
        let own = ServingChoice.Choice(serving: .native(NativeDefinition()))
        #expect(try Self.choice().serving(of: Self.subject(file: .file("/m.gguf"))) == own)
        #expect(try Self.choice().serving(of: Self.subject(file: .registered)) == own)
        let table = Self.choice(RuntimeTable.Entry(model: "m", serving: Self.pool))
        #expect(try table.serving(of: Self.subject(file: .registered)).serving == Self.pool)
    }

    @Test func `nothing names the three ways and what would match`() {
        let error = #expect(throws: ServingChoice.NothingServes.self) {
            try Self.choice().serving(of: Self.subject(file: .missing("it is on the moon")))
        }
        let text = error?.description ?? ""
        for word in [
            "GATEHOUSE_UPSTREAM_URLS", "runtimes:", "GGUF", "demo/chat/blue", "e:3", "img:1", "m:1", "the moon",
        ] {
            #expect(text.contains(word), "\(word) in \(text)")
        }
    }

    @Test func `the pool without a file is refused with the reason`() {
        let error = #expect(throws: ServingChoice.NothingServes.self) {
            try Self.choice(RuntimeTable.Entry(image: "*", serving: Self.pool)).serving(of: Self.subject())
        }
        #expect(error?.description.contains("it has no model") == true)
    }

    @Test(
        arguments: [
            ("img:1", "img:1", true), ("img:*", "img:1", true), ("*", "", true), ("*-x", "a-b-x", true),
            ("?:1", "a:1", true),
            ("a*b*c", "aXbYbZc", true), ("img", "img:1", false), ("img:?", "img:", false), ("a*b", "ab1", false),
            ("", "a", false),
            ("*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ]
    )
    func `a pattern matches the whole text`(pattern: String, text: String, matches: Bool) {
        #expect(Glob(pattern).matches(text) == matches)
    }

    @Test func `all patterns of an entry must match, and a name without a colon is of any version`() {
        let table = RuntimeTable([
            RuntimeTable.Entry(tenant: "demo", environment: "e", image: "img:1", model: "m:2", serving: Azure.upstream)
        ])
        var subject = RuntimeTable.Subject(tenant: "demo", environment: "e:9", image: "img:1", model: "m:2")
        #expect(table.serving(of: subject) == Azure.upstream)
        subject.model = "m:3"
        #expect(table.serving(of: subject) == nil)
        subject.model = nil
        #expect(table.serving(of: subject) == nil)
    }
}
