/// The facts of an exchange that is over, or of a copy for a mirror, from which its spans are made.
///
/// A class, so that a full queue moves little under its lock.
package final class Trace: Sendable {
    /// A part of the exchange; its times are in nanoseconds since the exchange began.
    package struct Step: Sendable, Equatable {
        package enum Kind: Sendable, Equatable {
            /// Up to the plan, or to the refusal.
            case admission
            /// While a token is verified.
            case authentication
            /// While it waits for a place at this deployment.
            case queue(deployment: String)
            case call(Call)
        }

        package var kind: Kind
        package var start: Int64
        package var end: Int64

        package init(_ kind: Kind, start: Int64, end: Int64) {
            self.kind = kind
            self.start = start
            self.end = end
        }
    }

    /// One attempt at an upstream.
    package struct Call: Sendable, Equatable {
        /// The id that the upstream was told.
        package var span: UInt64
        package var deployment: String
        /// The instance's URL.
        package var instance: String
        /// How many attempts came before.
        package var resends: Int
        /// What the upstream said; 0 when it said nothing.
        package var status: Int
        /// Why nothing came of it; empty where its answer was passed on.
        package var failure: String

        package init(span: UInt64, deployment: String, instance: String, resends: Int) {
            self.span = span
            self.deployment = deployment
            self.instance = instance
            self.resends = resends
            status = 0
            failure = ""
        }
    }

    /// Of the exchange's own span.
    package let context: TraceContext
    /// The caller's span; `nil` where the trace begins here.
    package let parent: UInt64?
    package let receipt: Receipt
    package let parameters: RequestParameters
    package let answer: AnswerFacts
    package let steps: [Step]

    package init(
        context: TraceContext,
        parent: UInt64? = nil,
        receipt: Receipt,
        parameters: RequestParameters = RequestParameters(),
        answer: AnswerFacts = AnswerFacts(),
        steps: [Step]
    ) {
        self.context = context
        self.parent = parent
        self.receipt = receipt
        self.parameters = parameters
        self.answer = answer
        self.steps = steps
    }
}

/// A span as OpenTelemetry has it.
package struct TraceSpan: Sendable, Equatable {
    package enum Kind: Int, Sendable {
        case `internal` = 1
        case server = 2
        case client = 3
    }

    package enum Value: Sendable, Equatable {
        case text(String)
        case number(Int64)
        case decimal(Double)
        case flag(Bool)
        case texts([String])
    }

    package struct Attribute: Sendable, Equatable {
        package var name: String
        package var value: Value
    }

    package var context: TraceContext
    package var parent: UInt64?
    /// The parent is in another process.
    package var hasRemoteParent = false
    package var name: String
    package var kind: Kind
    /// Nanoseconds since 1970.
    package var start: Int64
    package var end: Int64
    package private(set) var attributes: [Attribute] = []
    package var isError = false

    init(_ name: String, _ kind: Kind, context: TraceContext, parent: UInt64?, start: Int64, end: Int64) {
        self.name = name
        self.kind = kind
        self.context = context
        self.parent = parent
        self.start = start
        self.end = max(start, end)
    }

    /// Empty text is left out, what is long is cut: a caller may have written it.
    mutating func note(_ name: String, _ text: String) {
        guard !text.isEmpty else { return }
        attributes.append(Attribute(name: name, value: .text(String(text.prefix(1024)))))
    }

    /// `nil` is left out.
    mutating func note(_ name: String, _ number: Int64?) {
        if let number { attributes.append(Attribute(name: name, value: .number(number))) }
    }

    /// `nil` is left out.
    mutating func note(_ name: String, _ number: Double?) {
        if let number { attributes.append(Attribute(name: name, value: .decimal(number))) }
    }

    /// None are left out.
    mutating func note(_ name: String, _ texts: [String]) {
        if !texts.isEmpty { attributes.append(Attribute(name: name, value: .texts(texts))) }
    }

    mutating func note(_ name: String, _ flag: Bool) {
        attributes.append(Attribute(name: name, value: .flag(flag)))
    }

    /// - Parameter error: why it failed; empty where it did not.
    mutating func fail(_ error: String) {
        guard !error.isEmpty else { return }
        note("error.type", error)
        isError = true
    }
}
