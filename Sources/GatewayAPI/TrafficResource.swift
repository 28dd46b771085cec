/// Where an endpoint's traffic goes.
///
/// In a PUT what is left out stays as it is.
package struct TrafficResource: Codable, Sendable, Equatable {
    /// Per cent of each deployment: they sum to 100, or all are 0.
    package var traffic: [String: Int]?
    /// Per cent of the requests that deployments without traffic get copies of.
    package var mirrorTraffic: [String: Int]?
    /// The version that callers get who ask for none.
    package var defaultVersion: String?
    /// What came of the copies since the gateway started, or since the mirror was set again; only in answers.
    package var mirrors: [MirrorCountsResource]?

    package init(
        traffic: [String: Int]? = nil,
        mirrorTraffic: [String: Int]? = nil,
        defaultVersion: String? = nil,
        mirrors: [MirrorCountsResource]? = nil
    ) {
        self.traffic = traffic
        self.mirrorTraffic = mirrorTraffic
        self.defaultVersion = defaultVersion
        self.mirrors = mirrors
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case traffic
        case mirrorTraffic
        case defaultVersion
        case mirrors
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            traffic: try members.value(.traffic),
            mirrorTraffic: try members.value(.mirrorTraffic),
            defaultVersion: try members.value(.defaultVersion),
            mirrors: try members.value(.mirrors)
        )
    }
}

/// What came of the copies that one mirror was to get.
package struct MirrorCountsResource: Codable, Sendable, Equatable {
    package var deployment: String
    package var sent: Int
    /// Of those sent, the ones that brought no whole answer.
    package var failed: Int
    /// Not sent, or given up, because the mirror was slow or full.
    package var dropped: Int

    package init(deployment: String, sent: Int, failed: Int, dropped: Int) {
        self.deployment = deployment
        self.sent = sent
        self.failed = failed
        self.dropped = dropped
    }
}
