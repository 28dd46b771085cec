/// Something that the engine computes on, as the engine's own backend reports it.
package struct Device: Sendable, Hashable {
    /// What a device is.
    package enum Kind: String, Sendable, Hashable, Codable {
        case gpu
        /// A GPU that has no memory but the machine's.
        case integrated
        /// Works for the CPU, in the machine's memory.
        case accelerator
        /// A file of a backend that the engine does not use; its description says why.
        case unusable
        case cpu
    }

    /// Its place in the list, GPUs first; the same only as long as the machine stays as it is.
    package var index: Int
    /// What its backend calls it, `CUDA0`: by this it is told apart.
    package var name: String
    package var kind: Kind
    /// Its maker's name for it; may be empty.
    package var description: String
    /// Bytes.
    package var total: Int64
    /// Bytes that nobody has taken when the list was made.
    package var free: Int64

    package init(
        index: Int,
        name: String,
        kind: Kind,
        description: String = "",
        total: Int64,
        free: Int64
    ) {
        self.index = index
        self.name = name
        self.kind = kind
        self.description = description
        self.total = total
        self.free = free
    }
}

/// Why nothing is known of the machine's devices, as a sentence without its end.
package struct DeviceFailure: Error, Sendable, Hashable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}
