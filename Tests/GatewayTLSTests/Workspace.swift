import Foundation
import GatewayTLS
import Logging

/// A directory of its own for one test, with a local authority in it; removed with the value.
final class Workspace {
    let directory = FileManager.default.temporaryDirectory.path + "/gatehouse-tls-\(UUID().uuidString)"
    private(set) var files: CertificateFiles
    let authority: String

    init(names: [String] = ["localhost", "127.0.0.1"]) throws {
        let made = try LocalAuthority.make(in: directory, names: names)
        files = CertificateFiles(certificate: made.certificate, key: made.key)
        authority = made.authority
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func store(_ others: [CertificateFiles] = [], logger: Logger = .silent) throws -> CertificateStore {
        try CertificateStore(files: [files] + others, logger: logger)
    }

    /// Replaces the server certificate by a new one of the same authority.
    func renew(names: [String] = ["localhost", "127.0.0.1"]) throws {
        _ = try LocalAuthority.make(in: directory, names: names, force: true)
    }

    /// A second pair of the same authority, under other file names.
    func addPair(_ name: String, names: [String]) throws -> CertificateFiles {
        let kept = try (read(files.certificate), read(files.key))
        try renew(names: names)
        let pair = CertificateFiles(certificate: "\(directory)/\(name).pem", key: "\(directory)/\(name).key")
        try write(read(files.certificate), to: pair.certificate)
        try write(read(files.key), to: pair.key)
        try write(kept.0, to: files.certificate)
        try write(kept.1, to: files.key)
        return pair
    }

    func read(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    func write(_ text: String, to path: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() } }
}

/// Log lines as a stream, so that a test can wait for one.
struct LogLines: Sendable {
    private struct Handler: LogHandler {
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        let lines: AsyncStream<String>.Continuation

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.yield("\(event.level) \(event.message) \(event.metadata ?? [:])")
        }
    }

    let lines: AsyncStream<String>
    let logger: Logger

    init() {
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        self.lines = lines
        logger = Logger(label: "test") { _ in Handler(lines: continuation) }
    }

    /// The next line that has all of these words.
    func next(with words: String...) async -> String? {
        for await line in lines where words.allSatisfy(line.contains) { return line }
        return nil
    }
}
