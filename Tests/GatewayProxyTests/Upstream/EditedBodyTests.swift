import GatewayCore
import NIOCore
import Testing

@testable import GatewayProxy

@Suite struct EditedBodyTests {
    private func edited(_ body: String, model: String?) throws -> (text: String, growth: Int) {
        let plan = try PlanFixture(upstreamModel: model).plan("/demo/chat/v1/chat/completions", body: body)
        let result = try #require(plan.fields).edited(ByteBuffer(string: body), for: plan)
        return (String(buffer: result.body), result.growth)
    }

    @Test(arguments: [
        (#"{"model":"chat","n":1}"#, #"{"model":"up/model","n":1}"#),
        (#"{"n":1,"model":"a much longer name than the other"}"#, #"{"n":1,"model":"up/model"}"#),
        (
            #"{"model":"chat","stream":true}"#,
            #"{"stream_options":{"include_usage":true},"model":"up/model","stream":true}"#
        ),
        (
            #"{"stream":true,"stream_options":{},"model":"x"}"#,
            #"{"stream":true,"stream_options":{"include_usage":true},"model":"up/model"}"#
        ),
        ("{}", #"{"model":"up/model"}"#), (" ", " "), ("not json", "not json"), ("{", #"{"model":"up/model","#),
    ])
    func `the edits are applied to the bytes and the growth is told`(body: String, expected: String) throws {
        let result = try edited(body, model: "up/model")
        #expect(result.text == expected)
        #expect(result.growth == expected.utf8.count - body.utf8.count)
    }

    @Test func `a copy for a mirror is made of slices`() throws {
        let text = #"{"n":1,"model":"chat","m":2}"#
        let plan = try PlanFixture(upstreamModel: "up").plan("/demo/chat/v1/chat/completions", body: text)
        let pieces = try #require(plan.fields).pieces(of: ByteBuffer(string: text), for: plan)
        #expect(pieces.map { String(buffer: $0) } == [#"{"n":1,"model":"#, #""up""#, #","m":2}"#])
    }

    @Test func `without edits the bytes are the same`() throws {
        let result = try edited(#"{"model":"chat"}"#, model: nil)
        #expect(result == (#"{"model":"chat"}"#, 0))
    }
}
