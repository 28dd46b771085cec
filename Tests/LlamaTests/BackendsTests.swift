#if Llama
    import Foundation
    import Testing

    @testable import Llama

    private let backends = ProcessInfo.processInfo.environment["GATEHOUSE_TEST_BACKENDS"]

    /// With the real backends, where they were built.
    @Suite(.enabled(if: backends != nil, "GATEHOUSE_TEST_BACKENDS names a directory")) struct BackendsTests {
        /// A directory that holds the real backend for the CPU and these files.
        private static func directory(_ files: [String: Data]) throws -> String {
            let path = NSTemporaryDirectory() + "backends-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            for (name, content) in files.merging(["libggml-cpu.so": try cpu()], uniquingKeysWith: { one, _ in one }) {
                try content.write(to: URL(fileURLWithPath: "\(path)/\(name)"))
            }
            return path
        }

        private static func cpu() throws -> Data {
            let directory = try #require(backends)
            return try Data(contentsOf: URL(fileURLWithPath: directory + "/libggml-cpu.so"))
        }

        /// The same library as of another source.
        private static func foreign() throws -> Data {
            var library = try cpu()
            let directory = try #require(backends)
            let id = try #require(EngineBuild.id(of: directory + "/libggml-cpu.so"))
            let place = try #require(library.firstRange(of: id))
            library[place.lowerBound] ^= 1
            return library
        }

        @Test func `the engine's own backends are of its source, by their build ids`() throws {
            let directory = try #require(backends)
            let choice = Backends.choose(in: directory)
            #expect(choice.files.contains("libggml-cpu.so") && choice.refusals.isEmpty)
            let base = try #require(Runtime.library("libggml-base"))
            let id = try #require(EngineBuild.id(of: base))
            #expect(EngineBuild.isMark(id) && EngineBuild.id(of: directory + "/libggml-cpu.so") == id)
        }

        @Test
        func
            `a backend of another source, or that is no library, is left out with the reason, and the others are taken`()
            throws
        {
            let whole = try Self.cpu()
            let directory = try Self.directory([
                "libggml-cuda.so": try Self.foreign(), "libggml-vulkan.so": whole.prefix(100),
                "libggml-hip.so": whole.prefix(whole.count / 2), "libggml-cuda.txt": Data(), "libother.so": Data(),
                "libggml-base.so": Data(),
            ])
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let choice = Backends.choose(in: directory)
            #expect(choice.files == ["libggml-cpu.so"])
            #expect(choice.refusals.map(\.file) == ["libggml-cuda.so", "libggml-hip.so", "libggml-vulkan.so"])
            let source = "it is of another source than the engine, with which it would crash"
            #expect(choice.refusals.first?.reason == source && choice.refusals.last?.reason == source)
            // It has the id, and not all that the id is of.
            #expect(choice.refusals[1].reason == "it is no library, or not all of one")
        }

        @Test func `of several for one kind of device one is taken`() throws {
            let directory = try Self.directory([
                "libggml-cpu-haswell.so": try Self.cpu(), "libggml-cpu-zen4.so": try Self.foreign(),
            ])
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let choice = Backends.choose(in: directory)
            #expect(choice.files.count == 1 && choice.refusals.map(\.file) == ["libggml-cpu-zen4.so"])
        }

        @Test func `files that end anywhere have no build id`() throws {
            let library = try Self.cpu()
            let path = NSTemporaryDirectory() + "cut-\(UUID().uuidString).so"
            defer { try? FileManager.default.removeItem(atPath: path) }
            func id(_ bytes: Data) throws -> [UInt8]? {
                try bytes.write(to: URL(fileURLWithPath: path))
                return EngineBuild.id(of: path)
            }
            for length in [0, 5, 0x21, 0x39, 0x40, 0x100] { #expect(try id(library.prefix(length)) == nil) }
            // Places beyond its end, or so far that sums overflow.
            var wild = library.prefix(0x40)
            for index in 0x20..<0x40 { wild[index] = 0xff }
            #expect(try id(wild) == nil)
            let whole = try id(library)
            let own = try #require(whole)
            let note = try #require(library.firstRange(of: own)).lowerBound - 16
            for (offset, value) in [(0, UInt8(0xff)), (4, 0xff), (8, 9), (12, 0x20)] {
                var other = library
                for index in 0..<(value == 0xff ? 4 : 1) { other[note + offset + index] = value }
                #expect(try id(other) == nil, "\(offset)")
            }
            #expect(EngineBuild.id(of: path + ".none") == nil)
        }
    }
#endif
