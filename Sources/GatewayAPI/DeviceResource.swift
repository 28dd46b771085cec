/// What workers can be put on, as the engine's own backends report it.
package struct DevicesResource: Codable, Sendable, Equatable {
    /// `workers.devices` of the configuration.
    package var policy: String
    /// Why nothing is known of devices, so that workers run on the CPU; left out when something is.
    package var problem: String?
    package var value: [DeviceResource]

    package init(policy: String, problem: String? = nil, value: [DeviceResource] = []) {
        self.policy = policy
        self.problem = problem
        self.value = value
    }
}

/// One device, and the workers on it.
package struct DeviceResource: Codable, Sendable, Equatable {
    /// Its place in the list, GPUs first: what a list in `workers.devices` may name, beside the name.
    package var index: Int
    /// What its backend calls it: `CUDA0`, `CPU`.
    package var name: String
    /// `gpu`, `integrated`, `accelerator` or `cpu`; `unusable`: the file of a backend that is left out, its description says why.
    package var kind: String
    package var description: String
    package var totalBytes: Int
    /// What nobody has taken.
    package var freeBytes: Int
    /// Whether `workers.devices` lets workers be put on it.
    package var isUsed: Bool
    package var instances: [PlacedInstanceResource]

    package init(
        index: Int,
        name: String,
        kind: String,
        description: String,
        totalBytes: Int,
        freeBytes: Int,
        isUsed: Bool,
        instances: [PlacedInstanceResource]
    ) {
        self.index = index
        self.name = name
        self.kind = kind
        self.description = description
        self.totalBytes = totalBytes
        self.freeBytes = freeBytes
        self.isUsed = isUsed
        self.instances = instances
    }
}

/// A worker on a device.
package struct PlacedInstanceResource: Codable, Sendable, Equatable {
    /// `tenant/endpoint/deployment`.
    package var deployment: String
    /// Which of the deployment's workers it is, from 0.
    package var instance: Int
    /// As of an instance: `starting`, `ready`, `draining`, `restarting` or `stopping`.
    package var state: String
    /// What it is thought to take of a GPU; left out on the CPU.
    package var bytes: Int?

    package init(deployment: String, instance: Int, state: String, bytes: Int? = nil) {
        self.deployment = deployment
        self.instance = instance
        self.state = state
        self.bytes = bytes
    }
}
