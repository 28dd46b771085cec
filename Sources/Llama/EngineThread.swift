#if Llama
    import Foundation
    import Synchronization

    /// The one thread of an engine.
    ///
    /// Decoding blocks, and a context must only ever be used from one thread: so the model and its context are made on
    /// this thread and never leave it.
    enum EngineThread {
        static func start(_ options: EngineOptions, _ inbox: Inbox) async throws(EngineFailure) -> ModelCard {
            let result: Result<ModelCard, EngineFailure> = await withCheckedContinuation { continuation in
                let thread = Thread { run(options, inbox) { continuation.resume(returning: $0) } }
                thread.name = "llama"
                // The default of 512 kB is not enough for llama.cpp's graph builders on every model.
                thread.stackSize = 8 << 20
                thread.start()
            }
            return try result.get()
        }

        private static func run(
            _ options: EngineOptions,
            _ inbox: Inbox,
            _ ready: (Result<ModelCard, EngineFailure>) -> Void
        ) {
            do throws(EngineFailure) {
                let devices = Runtime.used(options, of: try Runtime.load(options.backendDirectory))
                let model = try Model(options)
                switch model.kind {
                case .decoder, .encoderDecoder:
                    var loop = try DecodeLoop(model, devices: devices, options, inbox)
                    ready(.success(loop.card))
                    loop.run()
                case .embedding:
                    var loop = try EmbeddingLoop(model, devices: devices, options, inbox)
                    ready(.success(loop.card))
                    loop.run()
                }
            } catch {
                ready(.failure(error))
            }
        }
    }
#endif
