#if Llama
    import CLlama
    import Foundation
    import Synchronization

    /// The engine's plug-ins, loaded from one directory and from nowhere else: the library's own search includes the working
    /// directory and a variable of the environment, by which anybody could name one.
    enum Backends {
        /// A plug-in that is not used, by its file's name, and why.
        struct Refusal: Equatable {
            let file: String
            let reason: String
        }

        /// A plug-in that can be loaded; of several for one kind of device, one for each kind of processor, the best counts.
        private struct Candidate {
            let file: String
            let score: CInt
        }

        private static let prefix = "libggml-"
        /// A second engine in one process must not load them again.
        private static let loaded = Mutex<[Refusal]?>(nil)

        /// Those that are there and are not used, once they are loaded.
        static var refused: [Refusal] { loaded.withLock { $0 ?? [] } }

        /// - Returns: those that are there and are not used.
        static func load(from directory: String) -> [Refusal] {
            loaded.withLock { loaded in
                if let loaded { return loaded }
                var (files, refusals) = choose(in: directory)
                // GPUs come first, as the engine has them.
                files.sort { (kind($0) == "cpu" ? 1 : 0, $0) < (kind($1) == "cpu" ? 1 : 0, $1) }
                for file in files {
                    guard let backend = unsafe ggml_backend_load("\(directory)/\(file)") else {
                        refusals.append(Refusal(file: file, reason: "the engine does not take it"))
                        continue
                    }
                    guard unsafe ggml_backend_reg_dev_count(backend) == 0 else { continue }
                    refusals.append(Refusal(file: file, reason: "it finds no device, or no driver of one"))
                }
                loaded = refusals
                return refusals
            }
        }

        /// The files that are to be loaded, one of each kind, and those that cannot be.
        static func choose(in directory: String) -> (files: [String], refusals: [Refusal]) {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
            let own = Runtime.library("libggml-base").flatMap(EngineBuild.id(of:))
            var (best, refusals): ([String: Candidate], [Refusal]) = ([:], [])
            for file in names.sorted() where isPlugIn(file) {
                do throws(Refused) {
                    guard let score = try score(of: "\(directory)/\(file)", own: own) else { continue }
                    if score > best[kind(file)]?.score ?? 0 { best[kind(file)] = Candidate(file: file, score: score) }
                } catch {
                    refusals.append(Refusal(file: file, reason: error.reason))
                }
            }
            return (best.values.map(\.file), refusals)
        }

        private static func isPlugIn(_ file: String) -> Bool {
            file.hasPrefix(prefix) && file.hasSuffix(".so") && file != "libggml-base.so" && file.utf8.count <= 64
                && file.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != UInt8(ascii: ",") }
        }

        private struct Refused: Error {
            let reason: String
        }

        /// How well it suits this processor; `nil` when it is for another.
        private static func score(of path: String, own: [UInt8]?) throws(Refused) -> CInt? {
            let file = ELFFile(path)
            if let own, EngineBuild.isMark(own), file?.buildID != own {
                throw Refused(reason: "it is of another source than the engine, with which it would crash")
            }
            guard file?.isWhole == true else { throw Refused(reason: "it is no library, or not all of one") }
            guard let library = unsafe dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
                throw Refused(reason: unsafe dlerror().map { unsafe String(cString: $0) } ?? "it cannot be loaded")
            }
            // It stays open: the engine opens it once more, which then costs nothing.
            guard let symbol = unsafe dlsym(library, "ggml_backend_score") else { return 1 }
            let score = unsafe unsafeBitCast(symbol, to: (@convention(c) () -> CInt).self)()
            return score > 0 ? score : nil
        }

        /// `cuda` of `libggml-cuda.so`, `cpu` of `libggml-cpu-haswell.so`.
        private static func kind(_ file: String) -> String {
            String(file.dropFirst(prefix.count).prefix { $0 != "-" && $0 != "." })
        }
    }
#endif
