import Foundation
import GatewayAPI
import Testing

@Suite struct EmbeddingRequestTests {
    private func read(_ body: String) throws -> EmbeddingRequest {
        try OpenAIRequestBody.read(EmbeddingRequest.self, from: Array(body.utf8))
    }

    @Test(arguments: [
        (#""text""#, [EmbeddingInput.text("text")]), (#"["a","b"]"#, [.text("a"), .text("b")]),
        ("[1,2,3]", [.tokens([1, 2, 3])]), ("[[1,2],[3]]", [.tokens([1, 2]), .tokens([3])]),
    ])
    func `inputs are one text, several, tokens, or lists of them`(input: String, inputs: [EmbeddingInput]) throws {
        let request = try read(#"{"model":"m","input":\#(input),"user":"somebody"}"#)
        #expect(request.inputs == inputs)
        #expect(request.encoding == .float && request.dimensions == nil)
    }

    @Test(arguments: [
        (#"{}"#, "input"), (#"{"input":null}"#, "input"), (#"{"input":""}"#, "input"), (#"{"input":[]}"#, "input"),
        (#"{"input":["a",""]}"#, "input[1]"), (#"{"input":[[1],[]]}"#, "input[1]"), (#"{"input":[1,"a"]}"#, "input"),
        (#"{"input":[1.5]}"#, "input"), (#"{"input":{"a":1}}"#, "input"), (#"{"input":[99999999999]}"#, "input"),
        (#"{"input":"a","encoding_format":"hex"}"#, "encoding_format"),
        (#"{"input":"a","dimensions":"x"}"#, "dimensions"),
        (#"{"input":"a","input_type":"query"}"#, "input_type"), (#"{"input":true}"#, "input"),
    ])
    func `what cannot be answered is refused by name`(body: String, field: String) {
        #expect(refused { _ = try read(body) } == field)
    }

    @Test func `more inputs than the API allows are refused with both numbers`() throws {
        let inputs = Array(repeating: #""a""#, count: 2049).joined(separator: ",")
        do {
            _ = try read(#"{"input":[\#(inputs)]}"#)
            Issue.record("not refused")
        } catch let error as OpenAIRequestError {
            #expect(error.message.contains("2049") && error.message.contains("2048"))
        }
    }

    @Test func `vectors are written as numbers that read the same, or as their bytes`() throws {
        let vectors: [[Float]] = [[0.1, -2, 1e-7], [0, 1, 16_777_216]]
        let list = try JSONDecoder().decode([[Float]].self, from: Data(VectorText.list(vectors)))
        #expect(list == vectors)
        let body = try VectorText.embeddings([[1, -0.5]], .base64, model: #"a"b"#, tokens: 5)
        let object = try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
        let data = (object?["data"] as? [[String: Any]])?.first
        #expect(data?["embedding"] as? String == "AACAPwAAAL8=")
        #expect(data?["index"] as? Int == 0 && data?["object"] as? String == "embedding")
        #expect(object?["model"] as? String == #"a"b"# && object?["object"] as? String == "list")
        #expect(object?["usage"] as? [String: Int] == ["prompt_tokens": 5, "total_tokens": 5])
    }
}

/// The name of the field that a request is refused for.
func refused(_ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch let error as OpenAIRequestError {
        return error.param
    } catch let error as DecodingError {
        return OpenAIRequestError(error).param
    } catch {
        return "\(error)"
    }
}
