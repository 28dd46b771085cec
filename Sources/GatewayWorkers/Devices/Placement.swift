/// Where a worker's model lies and is computed.
package enum Placement: Sendable, Hashable {
    /// On the CPU, and why on no GPU.
    case host(reason: String?)
    /// On one GPU or on several, each with its part.
    case devices([Share])

    /// What a worker takes of one GPU.
    package struct Share: Sendable, Hashable {
        /// By its backend's name.
        package var name: String
        /// Of the model's layers, 0 to 1; all shares together have 1.
        package var part: Double
        /// An estimate.
        package var bytes: Int64
        /// Whether the GPU's memory is the machine's.
        package var isIntegrated = false
    }

    package var shares: [Share] {
        switch self {
        case .host: []
        case .devices(let shares): shares
        }
    }

    /// Why it is on no GPU.
    package var reason: String? {
        switch self {
        case .host(let reason): reason
        case .devices: nil
        }
    }

    /// For people: `CUDA0`, `CUDA0 60 % + CUDA1 40 %`, `CPU`.
    package var text: String {
        switch self {
        case .host: "CPU"
        case .devices(let shares) where shares.count == 1: shares[0].name
        case .devices(let shares):
            shares.map { "\($0.name) \(Int(($0.part * 100).rounded())) %" }.joined(separator: " + ")
        }
    }

    /// What the worker program is told.
    var arguments: [String] {
        guard case .devices(let shares) = self else { return ["--gpu-layers", "0"] }
        let devices = shares.flatMap { ["--device", $0.name] }
        guard shares.count > 1 else { return devices }
        let parts = shares.map { share in
            let digits = String(min(9999, max(1, Int((share.part * 10_000).rounded()))))
            return "0." + String(repeating: "0", count: 4 - digits.count) + digits
        }
        return devices + ["--tensor-split", parts.joined(separator: ",")]
    }
}

/// What a worker takes of GPUs when its whole model lies there, in bytes; an estimate.
package struct DeviceNeed: Sendable, Equatable {
    /// Weights and cache: several GPUs share them.
    package var divisible: Int64
    /// The largest part of these that lies on one GPU as a whole, a layer or the output.
    package var piece: Int64
    /// What each GPU has to hold beside its share: what computing takes, and its backend.
    package var each: Int64

    package init(divisible: Int64, piece: Int64, each: Int64) {
        self.divisible = divisible
        self.piece = piece
        self.each = each
    }

    /// On one GPU.
    var alone: Int64 { divisible + each }
}
