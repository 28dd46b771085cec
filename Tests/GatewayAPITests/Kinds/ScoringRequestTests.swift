import GatewayAPI
import Testing

@Suite struct ScoringRequestTests {
    private func read(_ body: String) throws -> ScoringRequest {
        try OpenAIRequestBody.read(ScoringRequest.self, from: Array(body.utf8))
    }

    @Test(arguments: [
        (#"{"inputs":"a"}"#, ScoringRequest.Inputs.texts(["a"])), (#"{"inputs":["a","b"]}"#, .texts(["a", "b"])),
        (#"{"question":"Q?","context":"C."}"#, .question("Q?", context: "C.")),
        (#"{"inputs":{"question":"Q?","context":"C."}}"#, .question("Q?", context: "C.")),
        (#"{"inputs":"a","options":{"wait_for_model":true},"stream":false}"#, .texts(["a"])),
    ])
    func `inputs are texts, or a question beside a context`(body: String, inputs: ScoringRequest.Inputs) throws {
        #expect(try read(body).inputs == inputs)
    }

    @Test(arguments: [
        (#"{}"#, "question"), (#"{"inputs":""}"#, "inputs"), (#"{"inputs":[]}"#, "inputs"),
        (#"{"inputs":["a",""]}"#, "inputs[1]"),
        (#"{"inputs":[1]}"#, "inputs"), (#"{"inputs":{"question":"Q"}}"#, "inputs.context"),
        (#"{"inputs":{"text":"Q"}}"#, "inputs.text"), (#"{"question":"Q","context":""}"#, "context"),
        (#"{"inputs":"a","question":"Q"}"#, "question"), (#"{"inputs":"a","stream":true}"#, "stream"),
        (#"{"inputs":"a","parameters":{"num_beams":4}}"#, "parameters.num_beams"),
        (#"{"inputs":"a","parameters":{"max_new_tokens":0}}"#, "parameters.max_new_tokens"),
        (#"{"inputs":"a","parameters":{"temperature":3}}"#, "parameters.temperature"),
        (#"{"inputs":"a","parameters":{"top_p":-1}}"#, "parameters.top_p"),
        (#"{"inputs":"a","parameters":{"repetition_penalty":0}}"#, "parameters.repetition_penalty"),
        (#"{"inputs":"a","parameters":{"stop":["1","2","3","4","5"]}}"#, "parameters.stop"),
        (#"{"inputs":"a","parameters":{"normalize":false}}"#, "parameters.normalize"),
        (#"{"inputs":"a","truncate":true}"#, "truncate"), (#"{"inputs":"a","options":{"x":1}}"#, "options.x"),
    ])
    func `what cannot be answered is refused by name`(body: String, field: String) {
        #expect(refused { _ = try read(body) } == field)
    }

    @Test(arguments: [
        ("{}", 0.0), (#"{"do_sample":true}"#, 1), (#"{"temperature":0.5}"#, 0.5), (#"{"top_k":5}"#, 1),
        (#"{"do_sample":false,"temperature":0.5}"#, 0), (#"{"do_sample":true,"temperature":0.7,"top_p":0.9}"#, 0.7),
        (#"{"temperature":0}"#, 0),
    ])
    func `answers are greedy unless something else is asked for`(parameters: String, temperature: Double) throws {
        #expect(try read(#"{"inputs":"a","parameters":\#(parameters)}"#).parameters.temperature == temperature)
    }

    @Test func `parameters are read by their names`() throws {
        let request = try read(
            #"{"inputs":"a","parameters":{"max_new_tokens":7,"seed":3,"stop":["x"],"repetition_penalty":1.1,"#
                + #""do_sample":true,"top_k":4,"top_p":0.8,"return_full_text":true,"num_beams":1}}"#
        )
        let parameters = request.parameters
        #expect(parameters.maxTokens == 7 && parameters.seed == 3 && parameters.stop == ["x"])
        #expect(parameters.repetitionPenalty == 1.1 && parameters.topK == 4 && parameters.topP == 0.8)
        #expect(request.returnsFullText)
        #expect(request.generationFields.contains("seed") && !request.generationFields.contains("num_beams"))
    }

    @Test(arguments: [
        (#"{"messages":[]}"#, false, false), (#"{"inputs":1}"#, true, false), (#"{"question":"x"}"#, true, false),
        (#"{"prompt":"x"}"#, false, true), (#"{"inputs":null}"#, false, false),
    ])
    func `a body's form is told by its members`(body: String, hasInputs: Bool, hasPrompt: Bool) throws {
        let shape = try OpenAIRequestBody.read(ScoringShape.self, from: Array(body.utf8))
        #expect(shape.hasInputs == hasInputs && shape.hasPrompt == hasPrompt)
    }
}
