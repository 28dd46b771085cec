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
    /// Of a worker: `starting`, `ready`, `draining`, `restarting` or `stopping`.
    package var state: String?
    /// Of a worker whose last process has ended: how.
    package var lastEnd: String?
    package var pid: Int?
    /// Bytes that a worker's process has in memory, its model's file included.
    package var residentBytes: Int?
    /// Of a worker: what its model is on, `CUDA0`, `CUDA0 60 % + CUDA1 40 %` or `CPU`.
    package var device: String?
    /// Of a worker on the CPU: why it is on no GPU.
    package var deviceReason: String?

    package init(url: String, isReady: Bool, outage: String? = nil, lastProbe: String? = nil, inFlight: Int = 0) {
        self.url = url
        self.isReady = isReady
        self.outage = outage
        self.lastProbe = lastProbe
        self.inFlight = inFlight
    }
}

/// The workers of a native deployment as a whole, as it is now.
package struct PoolResource: Codable, Sendable, Equatable {
    /// `starting`, `asleep`, `serving` or `failing`.
    package var state: String
    /// How many workers there are, and should be.
    package var instances: Int
    package var wanted: Int
    /// Since the last request, while none is under way.
    package var idleSeconds: Int
    package var residentBytes: Int
    /// Why another worker is not started.
    package var refusal: String?
    /// What the instances that there are cost, where `instances.yaml` has a price for the deployment's instance type.
    package var costPerHour: Money?

    package init(
        state: String,
        instances: Int,
        wanted: Int,
        idleSeconds: Int,
        residentBytes: Int,
        refusal: String? = nil
    ) {
        self.state = state
        self.instances = instances
        self.wanted = wanted
        self.idleSeconds = idleSeconds
        self.residentBytes = residentBytes
        self.refusal = refusal
    }
}

/// A line of a deployment's log, the oldest first.
package struct LogLineResource: Codable, Sendable, Equatable {
    package var time: String
    /// Which of a native deployment's workers wrote it, from 0.
    package var instance: Int?
    package var line: String

    package init(time: String, instance: Int? = nil, line: String) {
        self.time = time
        self.instance = instance
        self.line = line
    }

    /// For people: `2026-12-31T18:00:00.250Z [0] model ready`, the worker in brackets.
    package var text: String { "\(time) \(instance.map { "[\($0)] " } ?? "")\(line)" }
}
