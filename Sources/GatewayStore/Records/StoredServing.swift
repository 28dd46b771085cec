import GatewayCore

/// The settings of a probe, as they are stored.
struct StoredProbe: Codable {
    let initialDelay: Int
    let period: Int
    let timeout: Int
    let successThreshold: Int
    let failureThreshold: Int

    init(_ settings: ProbeSettings) {
        initialDelay = settings.initialDelay
        period = settings.period
        timeout = settings.timeout
        successThreshold = settings.successThreshold
        failureThreshold = settings.failureThreshold
    }

    var settings: ProbeSettings {
        ProbeSettings(
            initialDelay: initialDelay,
            period: period,
            timeout: timeout,
            successThreshold: successThreshold,
            failureThreshold: failureThreshold
        )
    }
}

/// An endpoint's fallback, as it is stored.
struct StoredFallback: Codable {
    let deployments: [String]
    let statuses: [Int]
    let allowsOtherModel: Bool

    init(_ fallback: FallbackDefinition) {
        deployments = fallback.deployments
        statuses = fallback.statuses
        allowsOtherModel = fallback.allowsOtherModel
    }

    var fallback: FallbackDefinition {
        FallbackDefinition(deployments, statuses: statuses, allowsOtherModel: allowsOtherModel)
    }
}

extension StoredJSON {
    static func probe(_ text: String?, place: String) throws(StoreError) -> ProbeSettings? {
        guard let text else { return nil }
        return try value(StoredProbe.self, text, place: place).settings
    }

    static func text(_ probe: ProbeSettings?) throws(StoreError) -> String? {
        guard let probe else { return nil }
        return try text(StoredProbe(probe))
    }

    static func fallback(_ text: String?, place: String) throws(StoreError) -> FallbackDefinition? {
        guard let text else { return nil }
        return try value(StoredFallback.self, text, place: place).fallback
    }

    static func text(_ fallback: FallbackDefinition?) throws(StoreError) -> String? {
        guard let fallback else { return nil }
        return try text(StoredFallback(fallback))
    }
}
