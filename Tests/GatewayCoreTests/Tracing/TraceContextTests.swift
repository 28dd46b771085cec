import GatewayCore
import Testing

/// W3C Trace Context, level 1.
@Suite struct TraceContextTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let parent = "00-\(trace)-00f067aa0ba902b7-01"

    @Test func `a traceparent is read and written back as it came`() throws {
        let context = try #require(TraceContext(parents: [Self.parent], states: []))
        #expect(context.trace == TraceContext.TraceID(high: 0x4bf9_2f35_77b3_4da6, low: 0xa3ce_929d_0e0e_4736))
        #expect(context.span == 0x00f0_67aa_0ba9_02b7 && context.isSampled && context.state.isEmpty)
        #expect(context.parentText == Self.parent)
        #expect(context.at(0xb7).parentText == "00-\(Self.trace)-00000000000000b7-01")
    }

    @Test(arguments: [("00", false), ("01", true), ("02", false), ("03", true), ("ff", true), ("08", false)])
    func `of the flags only the first is looked at, and only it is passed on`(flags: String, isSampled: Bool) throws {
        let context = try #require(
            TraceContext(parents: ["00-\(Self.trace)-00f067aa0ba902b7-\(flags)"], states: [])
        )
        #expect(context.isSampled == isSampled)
        #expect(context.parentText.hasSuffix(isSampled ? "-01" : "-00"))
    }

    @Test(arguments: [
        "", "00", "not a context", parent.uppercased(), parent + " ", parent + "-00", String(parent.dropLast()),
        "ff-\(trace)-00f067aa0ba902b7-01", "0x-\(trace)-00f067aa0ba902b7-01",
        "00-\(String(repeating: "0", count: 32))-00f067aa0ba902b7-01", "00-\(trace)-0000000000000000-01",
        "00_\(trace)-00f067aa0ba902b7-01", "00-\(trace)_00f067aa0ba902b7-01", "00-\(trace)-00f067aa0ba902b7_01",
        "00-\(trace)-00f067aa0ba902b7-1x", "00-\(trace)-00f067aa0ba902bé-01", "01-\(trace)-00f067aa0ba902b7-01x",
        "00-\(trace.dropLast())g-00f067aa0ba902b7-01", "00-\(trace)-00f067aa0ba902b7-01,\(parent)",
    ])
    func `what is no traceparent is none`(text: String) {
        #expect(TraceContext(parents: [text], states: ["a=b"]) == nil)
    }

    @Test func `two of them are none, and none is none`() {
        #expect(TraceContext(parents: [Self.parent, Self.parent], states: []) == nil)
        #expect(TraceContext(parents: [], states: ["a=b"]) == nil)
    }

    @Test(arguments: ["cc-\(trace)-00f067aa0ba902b7-01", "01-\(trace)-00f067aa0ba902b7-01-what-comes-later"])
    func `one of a later version is read as far as it is known`(text: String) throws {
        let context = try #require(TraceContext(parents: [text], states: []))
        #expect(context.parentText == Self.parent)
    }

    private static let many = (1...33).map { "k\($0)=v" }

    @Test(arguments: [
        (["foo=1"], "foo=1"), (["foo=1,bar=2"], "foo=1,bar=2"), (["foo=1", "bar=2"], "foo=1,bar=2"),
        (["foo=1 \t , \t bar=2,,", ""], "foo=1,bar=2"), (["foo=1,foo=2"], "foo=1,foo=2"), (["foo= 1"], "foo= 1"),
        (["0t@sys=1", "a_-*/0=!~"], "0t@sys=1,a_-*/0=!~"),
        (["\(String(repeating: "z", count: 256))=1"], "\(String(repeating: "z", count: 256))=1"),
        (["a=\(String(repeating: "v", count: 256))"], "a=\(String(repeating: "v", count: 256))"),
        ([many.prefix(32).joined(separator: ",")], many.prefix(32).joined(separator: ",")),
    ])
    func `a tracestate goes on, its headers as one`(values: [String], state: String) throws {
        #expect(try #require(TraceContext(parents: [Self.parent], states: values)).state == state)
    }

    @Test(arguments: [
        "foo", "foo=", "=1", "FOO=1", "0foo=1", "foo =1", "foo=1=2", "foo=bär", "foo=1\u{1}", "foo@=1", "foo@0=1",
        "@foo=1", "foo@bar@baz=1", "foo.bar=1", "\(String(repeating: "z", count: 257))=1",
        "a=\(String(repeating: "v", count: 257))", "t@\(String(repeating: "v", count: 15))=1",
        "\(String(repeating: "t", count: 242))@v=1", many.joined(separator: ","),
        many.map { $0 + String(repeating: "x", count: 200) }.joined(separator: ","),
    ])
    func `a tracestate that breaks a rule is left out, and the trace goes on`(text: String) throws {
        let context = try #require(TraceContext(parents: [Self.parent], states: ["good=1", text]))
        #expect(context.state.isEmpty && context.parentText == Self.parent)
    }

    @Test func `the share of traces that are sampled is as asked, by their ids`() {
        var generator = SystemRandomNumberGenerator()
        let traces = (0..<20_000).map { _ in TraceContext.TraceID(high: generator.next(), low: generator.next()) }
        for rate in [0, 0.1, 0.5, 1] {
            let rule = TraceRule(queue: TraceQueue(), sampleRate: rate)
            let count = traces.count { rule.samples($0) }
            #expect(abs(Double(count) / 20_000 - rate) < 0.02, "\(rate): \(count)")
            #expect(traces.count { rule.samples($0) } == count)
        }
        #expect(TraceRule(queue: TraceQueue(), sampleRate: 1).samples(.init(high: 0, low: .max)))
        #expect(!TraceRule(queue: TraceQueue(), sampleRate: 0).samples(.init(high: 0, low: 0)))
    }
}
