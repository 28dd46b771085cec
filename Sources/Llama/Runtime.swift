#if Llama
    import CLlama
    import Foundation
    import Synchronization

    /// Where the engine's own log lines go; set once, before the first engine starts.
    package enum EngineLog {
        /// How much a line matters.
        package enum Severity: Sendable {
            case information
            case warning
            case error
        }

        fileprivate static let sink = Mutex<(@Sendable (Severity, String) -> Void)?>(nil)

        package static func send(to sink: @escaping @Sendable (Severity, String) -> Void) {
            self.sink.withLock { $0 = sink }
        }
    }

    /// The process-wide part of llama.cpp: its log and its backends.
    enum Runtime {
        /// Loads the backends from one directory and nowhere else: the library's own search includes the working
        /// directory, where anybody could put one.
        static func load(_ directory: String?) throws(EngineFailure) -> [String] {
            unsafe llama_log_set({ level, text, _ in unsafe Runtime.log(level, text) }, nil)
            let directory = directory ?? libraryDirectory() ?? ""
            guard directory.hasPrefix("/") else { throw .noDevice(directory: directory) }
            // A second engine in one process must not load them again.
            if ggml_backend_dev_count() == 0 { unsafe ggml_backend_load_all_from_path(directory) }
            llama_backend_init()
            let devices = (0..<ggml_backend_dev_count()).compactMap { index -> String? in
                guard let device = unsafe ggml_backend_dev_get(index), let name = unsafe ggml_backend_dev_name(device)
                else {
                    return nil
                }
                return unsafe String(cString: name)
            }
            // A plug-in that fails to load is skipped without a word: this is where it shows.
            guard !devices.isEmpty else { throw .noDevice(directory: directory) }
            return devices
        }

        /// Whether layers can lie elsewhere than in the machine's own memory.
        static var hasGPU: Bool {
            (0..<ggml_backend_dev_count()).contains { index in
                guard let device = unsafe ggml_backend_dev_get(index) else { return false }
                return unsafe ggml_backend_dev_type(device) == GGML_BACKEND_DEVICE_TYPE_GPU
            }
        }

        /// The directory of libllama itself, where the plug-ins lie beside it; read from the process's own map, since
        /// `dladdr` is not visible from Swift on Linux.
        private static func libraryDirectory() -> String? {
            guard let map = try? FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/self/maps")).readToEnd(),
                let line = String(decoding: map, as: UTF8.self).split(separator: "\n")
                    .first(where: { $0.contains("/libllama.so") }),
                let start = line.firstIndex(of: "/")
            else { return nil }
            return URL(fileURLWithPath: String(line[start...])).deletingLastPathComponent().path
        }

        private static func log(_ level: ggml_log_level, _ text: UnsafePointer<CChar>?) {
            guard let text = unsafe text, let sink = EngineLog.sink.withLock({ $0 }) else { return }
            let line = unsafe String(cString: text).trimmingCharacters(in: .whitespacesAndNewlines)
            guard !line.isEmpty else { return }
            switch level {
            case GGML_LOG_LEVEL_ERROR: sink(.error, line)
            case GGML_LOG_LEVEL_WARN: sink(.warning, line)
            case GGML_LOG_LEVEL_INFO: sink(.information, line)
            default: break
            }
        }
    }
#else
    /// Where the engine's own log lines would go, if this build had one.
    package enum EngineLog {
        /// How much a line matters.
        package enum Severity: Sendable {
            case information
            case warning
            case error
        }

        package static func send(to sink: @escaping @Sendable (Severity, String) -> Void) {}
    }
#endif
