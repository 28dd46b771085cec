/// How much of the waiting prompts a step reads while others answer, by what steps took before.
///
/// Who answers gets one token per step. A step with a part of a prompt may take twice as long as one without, and always as
/// long as nobody notices.
struct Pace {
    /// What nobody minds between two tokens: ten a second are as fast as anybody reads.
    ///
    /// Less would keep new requests waiting for their first token, and an engine with free slots waiting for them.
    private static let unnoticed = 0.1
    /// How much the newest step counts.
    private static let share = 0.25
    /// A step that took longer than so many times what was expected had to wait for the processor.
    private static let outlier = 4.0
    /// A part of a prompt has a multiple of this of tokens, for the engine computes so many at once; no part is smaller.
    private static let part = 8

    /// Seconds of a step that only answers.
    private var answering: Double?
    /// Seconds that a token of a prompt adds.
    private var reading: Double?

    /// Learns from a step.
    ///
    /// - Parameters:
    ///   - answers: tokens that went on with an answer.
    ///   - prompt: tokens of prompts.
    mutating func took(_ duration: Duration, answers: Int, prompt: Int) {
        let seconds = duration / .seconds(1)
        guard prompt > 0 else { return answering = Self.blend(seconds, into: answering) }
        if answers == 0 {
            reading = Self.blend(seconds / Double(prompt), into: reading)
        } else if let answering {
            reading = Self.blend(max(0, seconds - answering) / Double(prompt), into: reading)
        } else {
            reading = Self.blend(seconds / Double(answers + prompt), into: reading)
        }
    }

    /// Tokens of prompts for a step beside answers.
    ///
    /// - Parameters:
    ///   - first: the answer before anything is known.
    ///   - most: the step's room beside them.
    func room(first: Int, most: Int) -> Int {
        guard let reading, reading > 0 else { return min(first, most) }
        let answering = answering ?? reading
        let allowance = max(answering, Self.unnoticed - answering)
        let tokens = min(allowance / reading, Double(most))
        return min(most, max(Self.part, Int(tokens) / Self.part * Self.part))
    }

    private static func blend(_ value: Double, into known: Double?) -> Double {
        guard let known else { return value }
        return known + share * (min(value, outlier * known) - known)
    }
}
