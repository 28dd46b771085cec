/// A probe's settings with Azure's names, in whole seconds; a member that is left out takes the default.
package struct ProbeResource: Codable, Sendable, Equatable {
    package var initialDelay: Int?
    package var period: Int?
    package var timeout: Int?
    package var successThreshold: Int?
    package var failureThreshold: Int?

    package init(
        initialDelay: Int? = nil,
        period: Int? = nil,
        timeout: Int? = nil,
        successThreshold: Int? = nil,
        failureThreshold: Int? = nil
    ) {
        self.initialDelay = initialDelay
        self.period = period
        self.timeout = timeout
        self.successThreshold = successThreshold
        self.failureThreshold = failureThreshold
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case initialDelay
        case period
        case timeout
        case successThreshold
        case failureThreshold
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            initialDelay: try members.value(.initialDelay),
            period: try members.value(.period),
            timeout: try members.value(.timeout),
            successThreshold: try members.value(.successThreshold),
            failureThreshold: try members.value(.failureThreshold)
        )
    }
}

/// The paths that an upstream answers probes on, from the root of its host.
package struct ProbePathsResource: Codable, Sendable, Equatable {
    package var liveness: String?
    package var readiness: String?

    package init(liveness: String? = nil, readiness: String? = nil) {
        self.liveness = liveness
        self.readiness = readiness
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case liveness
        case readiness
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(liveness: try members.value(.liveness), readiness: try members.value(.readiness))
    }
}
