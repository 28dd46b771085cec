/// One running copy behind a deployment, as it is now.
package struct InstanceResource: Codable, Sendable, Equatable {
    package var url: String
    /// Whether it has shown that it serves.
    package var isReady: Bool
    /// Why it takes no requests; left out when it does.
    package var outage: String?
    /// What the last probe was answered.
    package var lastProbe: String?
    /// Requests that are under way there.
    package var inFlight: Int

    package init(url: String, isReady: Bool, outage: String? = nil, lastProbe: String? = nil, inFlight: Int = 0) {
        self.url = url
        self.isReady = isReady
        self.outage = outage
        self.lastProbe = lastProbe
        self.inFlight = inFlight
    }
}

/// A line of a deployment's log, the oldest first.
package struct LogLineResource: Codable, Sendable, Equatable {
    package var time: String
    package var line: String

    package init(time: String, line: String) {
        self.time = time
        self.line = line
    }
}
