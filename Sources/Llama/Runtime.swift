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

        private static let sink = Mutex<(@Sendable (Severity, String) -> Void)?>(nil)

        package static func send(to sink: @escaping @Sendable (Severity, String) -> Void) {
            self.sink.withLock { $0 = sink }
        }

        fileprivate static func say(_ severity: Severity, _ line: String) {
            sink.withLock { $0 }?(severity, line)
        }
    }

    /// The process-wide part of llama.cpp: its log and its backends.
    enum Runtime {
        /// Loads the backends from one directory and nowhere else.
        ///
        /// - Returns: the names of the devices.
        static func load(_ directory: String?) throws(EngineFailure) -> [String] {
            unsafe llama_log_set({ level, text, _ in unsafe Runtime.log(level, text) }, nil)
            let directory = directory ?? Self.directory(of: "libllama") ?? ""
            guard directory.hasPrefix("/") else { throw .noDevice(directory: directory, refused: []) }
            let refused = Backends.load(from: directory).map { "\($0.file): \($0.reason)" }
            llama_backend_init()
            let devices = (0..<ggml_backend_dev_count()).compactMap { index -> String? in
                guard let device = unsafe ggml_backend_dev_get(index), let name = unsafe ggml_backend_dev_name(device)
                else {
                    return nil
                }
                return unsafe String(cString: name)
            }
            guard !devices.isEmpty else { throw .noDevice(directory: directory, refused: refused) }
            for words in refused { EngineLog.say(.warning, "a backend is not used: \(words)") }
            return devices
        }

        /// Whether layers can lie elsewhere than in the machine's own memory.
        static var hasGPU: Bool {
            (0..<ggml_backend_dev_count()).contains { index in
                guard let device = unsafe ggml_backend_dev_get(index) else { return false }
                return unsafe ggml_backend_dev_type(device) == GGML_BACKEND_DEVICE_TYPE_GPU
            }
        }

        private static func directory(of name: String) -> String? {
            library(name).map { URL(fileURLWithPath: $0).deletingLastPathComponent().path }
        }

        /// The file of one of the engine's libraries, as it is loaded: the plug-ins lie beside it.
        ///
        /// Read from the process's own map, since `dladdr` is not visible from Swift on Linux.
        static func library(_ name: String) -> String? {
            guard let map = try? FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/self/maps")).readToEnd(),
                let line = String(decoding: map, as: UTF8.self).split(separator: "\n")
                    .first(where: { $0.contains("/\(name).so") }),
                let start = line.firstIndex(of: "/")
            else { return nil }
            let path = String(line[start...])
            // As the kernel marks a file that another has replaced.
            return path.hasSuffix(" (deleted)") ? String(path.dropLast(10)) : path
        }

        private static func log(_ level: ggml_log_level, _ text: UnsafePointer<CChar>?) {
            guard let text = unsafe text else { return }
            let line = unsafe String(cString: text).trimmingCharacters(in: .whitespacesAndNewlines)
            guard !line.isEmpty else { return }
            switch level {
            case GGML_LOG_LEVEL_ERROR: EngineLog.say(.error, line)
            case GGML_LOG_LEVEL_WARN: EngineLog.say(.warning, line)
            case GGML_LOG_LEVEL_INFO: EngineLog.say(.information, line)
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
