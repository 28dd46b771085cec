/// Everything that is fixed when an engine starts: the file, its place in memory and how many requests share it.
package struct EngineOptions: Sendable {
    package var modelPath: String
    /// Where the loadable backends are; nil: the directory that libllama itself was loaded from.
    package var backendDirectory: String?
    /// Requests that are decoded together.
    package var slots: Int
    /// Tokens of one request, prompt and answer together; nil: what the model was trained for, at most 4096.
    package var context: Int?
    package var threads: Int
    /// Requests that may wait beyond the slots.
    package var queue: Int
    /// How long a step may take, as `StepWatch` counts, before the engine is taken to hang.
    package var stepLimit = Duration.seconds(60)
    /// Layers on a GPU, when there is one; negative: all.
    package var gpuLayers: Int
    /// Where those layers go.
    package var devices: ModelDevices

    package init(
        modelPath: String,
        backendDirectory: String? = nil,
        slots: Int = 4,
        context: Int? = nil,
        threads: Int = 1,
        queue: Int = 32,
        gpuLayers: Int = -1,
        devices: ModelDevices = .all
    ) {
        self.modelPath = modelPath
        self.backendDirectory = backendDirectory
        self.slots = slots
        self.context = context
        self.threads = threads
        self.queue = queue
        self.gpuLayers = gpuLayers
        self.devices = devices
    }

    static let defaultContextLimit = 4096
}
