/// One stored sample of a request and its response, without headers and bodies; only in answers.
package struct CaptureSummaryResource: Codable, Sendable, Equatable {
    package var id: Int64
    /// The same of both halves of a mirrored pair.
    package var requestId: String
    /// When the request's first byte came: ISO 8601.
    package var time: String
    package var endpoint: String
    package var deployment: String
    package var instance: String
    package var caller: String
    package var method: String
    package var path: String
    package var query: String
    package var status: Int
    package var upstreamStatus: Int
    /// `completed`, `refused`, `failed` or `cancelled`.
    package var outcome: String
    package var model: String
    package var streamed: Bool
    /// Bytes of the whole bodies, kept or not.
    package var requestBytes: Int64
    package var responseBytes: Int64
    package var promptTokens: Int64?
    package var completionTokens: Int64?
    /// Milliseconds until the first byte of the answer's body, and of all.
    package var firstByteMs: Double?
    package var durationMs: Double
    /// Of a mirrored call: the deployment that answered the caller.
    package var mirrorOf: String?
    package var label: String?

    package init(id: Int64, requestId: String, time: String) {
        self.id = id
        self.requestId = requestId
        self.time = time
        endpoint = ""
        deployment = ""
        instance = ""
        caller = ""
        method = ""
        path = ""
        query = ""
        status = 0
        upstreamStatus = 0
        outcome = ""
        model = ""
        streamed = false
        requestBytes = 0
        responseBytes = 0
        durationMs = 0
    }
}

/// A stored sample with all that was kept of it; only in answers.
package struct CapturedExchangeResource: Codable, Sendable, Equatable {
    package var summary: CaptureSummaryResource
    package var request: CapturedMessageResource
    package var response: CapturedMessageResource
    /// Other captures of the same request: the halves of a mirrored pair.
    package var pair: [CaptureSummaryResource]
    /// How each half of a mirrored pair differs from the other.
    package var comparisons: [ComparedPair]

    package init(
        summary: CaptureSummaryResource,
        request: CapturedMessageResource,
        response: CapturedMessageResource,
        pair: [CaptureSummaryResource],
        comparisons: [ComparedPair]
    ) {
        self.summary = summary
        self.request = request
        self.response = response
        self.pair = pair
        self.comparisons = comparisons
    }
}

/// One half of a stored sample; only in answers.
package struct CapturedMessageResource: Codable, Sendable, Equatable {
    package struct Header: Codable, Sendable, Equatable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// One event of a stream, and when its first byte came.
    package struct Event: Codable, Sendable, Equatable {
        /// Milliseconds after the request's first byte.
        package var ms: Double
        package var text: String

        package init(ms: Double, text: String) {
            self.ms = ms
            self.text = text
        }
    }

    package var headers: [Header]
    /// `empty`, `json`, `text`, `events` or `binary`.
    package var kind: String
    /// Of what was kept, after redaction.
    package var bytes: Int
    /// Whether the body was longer than what was kept.
    package var truncated: Bool
    /// Lower-case hex, of what was kept.
    package var sha256: String?
    /// Of `json` and `text`.
    package var text: String?
    /// Of `events`.
    package var events: [Event]?
    /// The bytes of what is not all text; only in exports.
    package var base64: String?

    package init(headers: [Header], kind: String, bytes: Int, truncated: Bool) {
        self.headers = headers
        self.kind = kind
        self.bytes = bytes
        self.truncated = truncated
    }
}

/// A label for a stored sample; an empty one takes it away.
package struct CaptureLabelResource: Codable, Sendable, Equatable {
    package var label: String

    package init(label: String) {
        self.label = label
    }
}

/// One record of an export; only in answers.
package struct ExportedRecordResource: Codable, Sendable, Equatable {
    /// The capture that it is of.
    package var id: Int64
    /// The file that it belongs to, below the folder of the export.
    package var file: String
    /// A line of that file: JSON.
    package var line: String

    package init(id: Int64, file: String, line: String) {
        self.id = id
        self.file = file
        self.line = line
    }
}
