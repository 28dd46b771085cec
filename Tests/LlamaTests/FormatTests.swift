#if Llama
    import Foundation
    import GatewayAPI
    import Testing

    @testable import Llama

    @Suite(
        .serialized,
        .enabled(if: testModelPath != nil, "GATEHOUSE_TEST_MODEL names a GGUF file"),
        .timeLimit(.minutes(5))
    )
    struct FormatTests {
        private struct Person: Codable {
            struct Home: Codable {
                let city: String
                let zip: Int
            }
            let name: String
            let age: Int
            let home: Home
        }

        private struct Pick: Codable {
            let colour: String
            let scores: [Int]
        }

        private static let person = """
            {"type":"object","properties":{"name":{"type":"string","maxLength":20},"age":{"type":"integer","minimum":18,\
            "maximum":99},"home":{"type":"object","properties":{"city":{"type":"string","maxLength":12},"zip":{"type":\
            "integer","minimum":10000,"maximum":99999}},"required":["city","zip"],"additionalProperties":false}},\
            "required":["name","age","home"],"additionalProperties":false}
            """

        private static let pick = """
            {"type":"object","properties":{"colour":{"enum":["red","green","blue"]},"scores":{"type":"array","items":\
            {"type":"integer","minimum":0,"maximum":10},"minItems":2,"maxItems":4}},"required":["colour","scores"],\
            "additionalProperties":false}
            """

        private func answer(_ engine: Engine, _ format: AnswerFormat, seed: Int) async throws -> Asked {
            try await SamplingFixture.ask(engine, "Describe anybody, or choose anything.", maxTokens: 200) {
                ($0.temperature, $0.seed, $0.format) = (1.5, seed, format)
            }
        }

        @Test func `answers under a schema are values of it, whatever the model would like to say`() async throws {
            let engine = try await SamplingFixture.start()
            for seed in 0..<6 {
                let asked = try await answer(engine, .jsonSchema(Self.person, isStrict: true), seed: seed)
                #expect(asked.reason == .stop, "\(asked)")
                let person = try JSONDecoder().decode(Person.self, from: Data(asked.text.utf8))
                #expect((18...99).contains(person.age) && (10000...99999).contains(person.home.zip))
                #expect(person.name.count <= 20 && person.home.city.count <= 12)
                // In the schema's order.
                let names = ["\"name\"", "\"age\"", "\"home\"", "\"city\"", "\"zip\""].compactMap {
                    asked.text.firstRange(of: $0)?.lowerBound
                }
                #expect(names.count == 5 && names == names.sorted())
            }
            for seed in 0..<6 {
                let asked = try await answer(engine, .jsonSchema(Self.pick, isStrict: true), seed: seed)
                let pick = try JSONDecoder().decode(Pick.self, from: Data(asked.text.utf8))
                #expect(["red", "green", "blue"].contains(pick.colour))
                #expect((2...4).contains(pick.scores.count) && pick.scores.allSatisfy { (0...10).contains($0) })
            }
        }

        @Test func `a JSON object is one`() async throws {
            let engine = try await SamplingFixture.start()
            let asked = try await SamplingFixture.ask(engine, "Give me {\"a\": 1} as JSON.", maxTokens: 200) {
                $0.format = .jsonObject
            }
            if asked.reason == .stop {
                #expect(try JSONSerialization.jsonObject(with: Data(asked.text.utf8)) is [String: Any])
            }
            #expect(asked.text.hasPrefix("{"))
        }

        @Test func `an answer under a grammar matches it and ends with it`() async throws {
            let engine = try await SamplingFixture.start()
            let grammar = #"root ::= ("yes" | "no" | "größer") " " [0-9]{3} "\n""#
            for seed in 0..<4 {
                let asked = try await answer(engine, .grammar(grammar), seed: seed)
                #expect(asked.text.wholeMatch(of: /(yes|no|größer) [0-9]{3}\n/) != nil, "\(asked.text)")
                #expect(asked.reason == .stop)
            }
        }

        @Test func `characters of several tokens are matched`() async throws {
            let engine = try await SamplingFixture.start()
            let asked = try await SamplingFixture.ask(engine, "Anything.") { $0.format = .grammar(#"root ::= "🦄é漢""#) }
            #expect(asked.text == "🦄é漢" && asked.reason == .stop)
        }

        @Test func `others are answered as before beside an answer under a grammar`() async throws {
            let engine = try await SamplingFixture.start(slots: 2)
            let alone = try await SamplingFixture.ask(engine, "Name three colours.").text
            async let first = SamplingFixture.ask(engine, "Anything.", maxTokens: 64) {
                $0.format = .jsonSchema(Self.person, isStrict: true)
            }
            async let second = SamplingFixture.ask(engine, "Name three colours.")
            #expect(try await second.text == alone)
            #expect(try await first.failure == nil)
        }

        @Test func `a grammar that leaves everything open fails its own answer only, soon`() async throws {
            let engine = try await SamplingFixture.start()
            // Every letter in a hundred ways, each of them followed by all of them again.
            let ways = Array(repeating: "[a-z ] x*", count: 100).joined(separator: " | ")
            let began = ContinuousClock.now
            let asked = try await SamplingFixture.ask(engine, "Tell me a story.", maxTokens: 3) {
                $0.format = .grammar("root ::= x+\nx ::= \(ways)")
            }
            #expect(asked.failure == .grammarTooAmbiguous || asked.reason != nil)
            #expect(began.duration(to: .now) < .seconds(60))
            #expect(try await SamplingFixture.ask(engine, "Name three colours.").failure == nil)
        }
    }
#endif
