import Testing

@testable import Llama

@Suite struct PrefixCacheTests {
    private let system: [Int32] = Array(0..<100)

    private func prompt(_ end: ClosedRange<Int32>) -> [Int32] { system + Array(end) }

    /// A cache where a request with each of the prompts has been, in the slot of the same number.
    private func cache(
        _ prompts: [(tenant: String, tokens: [Int32])],
        slots: Int = 4,
        copying: PrefixCache.Copying = .never
    ) -> PrefixCache {
        var cache = PrefixCache(slots: slots, copying: copying)
        for (slot, prompt) in prompts.enumerated() {
            cache.begin(.init(slot: slot), prompt.tokens, of: prompt.tenant)
            cache.append(prompt.tokens, slot: slot)
            _ = cache.end(slot: slot)
        }
        return cache
    }

    @Test func `a request goes where most of its prompt is`() {
        let cache = cache([("a", prompt(1000...1020)), ("a", prompt(2000...2020)), ("a", Array(500...700))])
        let place = cache.place(for: prompt(2000...2040), of: "a", free: [0, 1, 2, 3])
        #expect(place == .init(slot: 1, count: 121))
    }

    @Test func `what another tenant has left is never used`() {
        let cache = cache([("a", prompt(1000...1020))], slots: 1)
        #expect(cache.place(for: prompt(1000...1020), of: "b", free: [0]) == .init(slot: 0))
    }

    @Test func `where nothing is kept nothing is used`() {
        var cache = cache([("a", prompt(1000...1020))], copying: .nothingKept)
        #expect(cache.place(for: prompt(1000...1020), of: "a", free: [0, 1, 2, 3]) == .init(slot: 0))
        cache.begin(.init(slot: 1), system, of: "a")
        cache.append(system, slot: 1)
        #expect(cache.place(for: system, of: "a", free: [0, 2]).count == 0)
        let isKept = cache.end(slot: 1)
        #expect(!isKept)
        #expect(cache.count(slot: 1) == 0)
    }

    @Test func `the last token of a prompt is always computed`() {
        let cache = cache([("a", system)], slots: 1)
        #expect(cache.place(for: system, of: "a", free: [0]).count == 99)
    }

    @Test func `a prompt goes on at the end of a part, so that it is computed in the same parts as without`() {
        var cache = PrefixCache(slots: 1, copying: .never, grain: 32)
        cache.begin(.init(slot: 0), system, of: "a")
        cache.append(system, slot: 0)
        _ = cache.end(slot: 0)
        #expect(cache.place(for: prompt(1000...1020), of: "a", free: [0]).count == 96)
    }

    @Test func `a few tokens that all prompts begin with are no reason`() {
        let cache = cache([("a", Array(0..<15) + Array(100..<200))], slots: 2)
        #expect(cache.place(for: Array(0..<15) + Array(300..<400), of: "a", free: [0, 1]) == .init(slot: 1))
    }

    @Test func `without a match an empty slot comes first, then the one not used the longest`() {
        var cache = cache([("a", Array(0..<50)), ("b", Array(0..<50)), ("c", Array(0..<50))], slots: 4)
        #expect(cache.place(for: system, of: "d", free: [0, 1, 2, 3]).slot == 3)
        cache.begin(.init(slot: 0, count: 40), Array(0..<50), of: "a")
        _ = cache.end(slot: 0)
        #expect(cache.place(for: system, of: "d", free: [0, 1, 2]).slot == 1)
    }

    @Test func `a slot that is given to another holds nothing of before`() {
        var cache = cache([("a", system)], slots: 1)
        cache.begin(cache.place(for: Array(900...990), of: "b", free: [0]), Array(900...990), of: "b")
        #expect(cache.count(slot: 0) == 0)
        #expect(cache.place(for: system, of: "a", free: [0]).count == 0)
    }

    @Test func `what is worth nothing is not kept`() {
        var cache = PrefixCache(slots: 1, copying: .never)
        cache.begin(.init(slot: 0), [], of: "a")
        cache.append(0..<15, slot: 0)
        let isKept = cache.end(slot: 0)
        #expect(!isKept && cache.count(slot: 0) == 0)
    }

    @Test func `a request that is under way lends its beginning, where memory can be copied`() {
        func place(_ copying: PrefixCache.Copying, of tenant: String = "a") -> PrefixCache.Place {
            var cache = PrefixCache(slots: 2, copying: copying)
            cache.begin(.init(slot: 0), system, of: "a")
            cache.append(system, slot: 0)
            return cache.place(for: prompt(1000...1020), of: tenant, free: [1])
        }
        #expect(place(.whole(context: 512)) == .init(slot: 1, count: 100, source: 0))
        #expect(place(.never) == .init(slot: 1))
        #expect(place(.whole(context: 512), of: "b") == .init(slot: 1))
        // A copy is as dear as the whole context is long.
        #expect(place(.whole(context: 8192)) == .init(slot: 1))
    }

    @Test func `another conversation with the same beginning does not take the first one's place`() {
        let talk = prompt(1000...1500)
        let copied = cache([("a", talk)], copying: .whole(context: 1024))
        #expect(copied.place(for: prompt(2000...2020), of: "a", free: [0, 1]) == .init(slot: 1, count: 100, source: 0))
        // Where there is no other slot, or no copy, it does.
        #expect(copied.place(for: prompt(2000...2020), of: "a", free: [0]) == .init(slot: 0, count: 100))
        let plain = cache([("a", talk)])
        #expect(plain.place(for: prompt(2000...2020), of: "a", free: [0, 1]) == .init(slot: 0, count: 100))
    }
}
