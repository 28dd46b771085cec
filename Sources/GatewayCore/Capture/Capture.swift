/// A stored sample of a request and its response, for review; not yet redacted.
package struct Capture: Sendable {
    package var receipt: Receipt
    package var rule: CaptureRule
    /// Without its `?`; empty when there is none.
    package var query: String
    package var request: CapturedMessage
    package var response: CapturedMessage
    /// Said by its redaction.
    package var loss: CaptureLoss = []

    package init(
        receipt: Receipt,
        rule: CaptureRule,
        query: String = "",
        request: CapturedMessage = CapturedMessage(),
        response: CapturedMessage = CapturedMessage()
    ) {
        self.receipt = receipt
        self.rule = rule
        self.query = query
        self.request = request
        self.response = response
    }
}

/// A capture that is still to be put together: its writer's thread does that, not the event loop.
package struct CaptureDraft: Sendable {
    package typealias Finish = @Sendable (_ request: CapturedMessage, _ response: CapturedMessage) -> Capture

    private var request: CapturedMessage
    private var response: CapturedMessage
    private let make: Finish

    /// - Parameter finish: makes the capture of both halves, which may lack their headers until then.
    package init(request: CapturedMessage, response: CapturedMessage, finish: @escaping Finish) {
        self.request = request
        self.response = response
        make = finish
    }

    /// Bytes that it takes in the queue, roughly.
    package var weight: Int { request.weight + response.weight + 2048 }

    package func finish() -> Capture { make(request, response) }

    /// Takes out of one that is done with the buffers of its bodies.
    package mutating func takeBuffers() -> (request: [UInt8], response: [UInt8]) {
        var buffers: (request: [UInt8], response: [UInt8]) = ([], [])
        swap(&buffers.request, &request.body)
        swap(&buffers.response, &response.body)
        return buffers
    }
}

/// What of an exchange its capture does not have, besides what is cut off.
package struct CaptureLoss: OptionSet, Sendable, Equatable {
    /// A path, query or body of the request from which something was taken out.
    package static let requestContent = CaptureLoss(rawValue: 1)
    /// Headers of the request, or parts of them.
    package static let requestHeaders = CaptureLoss(rawValue: 2)
    package static let request = CaptureLoss(rawValue: 4)
    package static let response = CaptureLoss(rawValue: 8)

    package let rawValue: Int

    package init(rawValue: Int) {
        self.rawValue = rawValue
    }
}

/// One half of an exchange, as the client sent or got it.
package struct CapturedMessage: Sendable, Equatable {
    package var headers: [Header]
    package var body: [UInt8]
    /// Bytes of the whole body, kept or not.
    package var size: Int64
    /// Whether the body was longer than what is kept.
    package var isTruncated = false
    /// Where each piece of the body began, and when it came, microseconds after the request's first byte.
    package var pieces: [Piece]

    package struct Header: Sendable, Equatable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package struct Piece: Sendable, Equatable {
        package var offset: Int
        package var microseconds: Int64

        package init(offset: Int, microseconds: Int64) {
            self.offset = offset
            self.microseconds = microseconds
        }
    }

    package init(headers: [Header] = [], body: [UInt8] = [], size: Int64 = 0, pieces: [Piece] = []) {
        self.headers = headers
        self.body = body
        self.size = size
        self.pieces = pieces
    }

    /// Bytes that it takes: a buffer that is used again may have more room than it needs.
    fileprivate var weight: Int { body.capacity + pieces.count * MemoryLayout<Piece>.stride }

    /// The first value of a header, by its lower-case name.
    package func first(_ name: String) -> String? {
        headers.first { header in
            // Without a copy of each in lower case: this is asked several times of every capture.
            header.name.utf8.elementsEqual(name.utf8) { $0 == $1 || (0x41...0x5A).contains($0) && $0 | 0x20 == $1 }
        }?.value
    }
}
