import Testing

@testable import Llama

@Suite struct PaceTests {
    /// A machine on which a step takes so long for its answers and so long for each token of a prompt.
    private func learned(answering: Duration, perToken: Duration, steps: Int = 40) -> Pace {
        var pace = Pace()
        for index in 0..<steps {
            let tokens = pace.room(first: 16, most: 512)
            pace.took(answering, answers: 2, prompt: 0)
            if index % 2 == 0 { pace.took(answering + perToken * tokens, answers: 2, prompt: tokens) }
        }
        return pace
    }

    @Test func `before anything is known a step has what it is given`() {
        #expect(Pace().room(first: 16, most: 128) == 16)
        #expect(Pace().room(first: 300, most: 128) == 128)
    }

    @Test(arguments: [(10, 2), (300, 20), (5, 1), (100, 3)])
    func `a step with a part of a prompt takes twice as long at most, or as long as nobody notices`(
        answering: Int,
        perToken: Int
    ) {
        let pace = learned(answering: .milliseconds(answering), perToken: .milliseconds(perToken))
        let step = answering + perToken * pace.room(first: 16, most: 512)
        let aim = max(2 * answering, 100)
        #expect(step <= aim)
        #expect(step > aim - 9 * perToken)
    }

    @Test func `a step with a part of a prompt has a multiple of eight tokens`() {
        let pace = learned(answering: .milliseconds(10), perToken: .milliseconds(1))
        #expect(pace.room(first: 16, most: 512) % 8 == 0)
    }

    @Test func `a fast machine reads as much as the step has room for`() {
        let pace = learned(answering: .milliseconds(5), perToken: .microseconds(10))
        #expect(pace.room(first: 16, most: 512) == 512)
    }

    @Test func `a slow machine goes on reading all the same`() {
        let pace = learned(answering: .milliseconds(20), perToken: .milliseconds(500))
        #expect(pace.room(first: 16, most: 512) == 8)
    }

    @Test func `one step that had to wait for the processor changes little`() {
        var pace = learned(answering: .milliseconds(10), perToken: .milliseconds(1))
        let before = pace.room(first: 16, most: 512)
        pace.took(.seconds(20), answers: 2, prompt: before)
        #expect(pace.room(first: 16, most: 512) * 2 >= before)
        for _ in 0..<20 { pace.took(.milliseconds(30), answers: 2, prompt: 20) }
        #expect(pace.room(first: 16, most: 512) == before)
    }
}
