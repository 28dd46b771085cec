/// Which devices a model is loaded on, by the names that its backends give them.
package struct ModelDevices: Sendable, Equatable {
    /// Empty: all GPUs that there are.
    package var names: [String]
    /// The part of the layers that each of them gets, in their order; empty: by their free memory.
    package var parts: [Float]

    package static let all = ModelDevices()

    package init(names: [String] = [], parts: [Float] = []) {
        self.names = names
        self.parts = parts
    }
}

/// One device that the engine's backends report.
package struct DeviceReport: Encodable, Sendable, Equatable {
    /// What a device is.
    package enum Kind: String, Encodable, Sendable {
        case gpu
        case integrated
        case accelerator
        /// A file of a backend that the engine does not use; its description says why.
        case unusable
        case cpu
    }

    /// Its place in the list, GPUs first.
    package var index: Int
    package var name: String
    package var kind: Kind
    package var description: String
    package var totalBytes: Int
    package var freeBytes: Int

    /// What the backends of one directory report, each GPU once, in the engine's own order and GPUs first, and which of the
    /// backends are not used.
    ///
    /// - Parameter directory: nil: the directory that libllama itself was loaded from.
    /// - Throws: `notBuiltIn`, or `noDevice` where no backend could be loaded.
    package static func all(in directory: String?) throws(EngineFailure) -> [DeviceReport] {
        #if Llama
            try Runtime.reports(directory)
        #else
            throw .notBuiltIn
        #endif
    }
}
