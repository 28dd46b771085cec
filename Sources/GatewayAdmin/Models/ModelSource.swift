import Foundation
import GatewayCore

/// Where a model is to be pulled from.
package enum ModelSource: Sendable, Equatable {
    /// A file of a repository of the hub, or the one GGUF file that it has.
    case hub(HubFile)
    /// A URL with `https`.
    case web(String)
    /// Absolute path on the gateway's machine.
    case file(String)

    /// Reads `hf://org/name[/file][@revision]`, `https://…`, `file:/…` and `file:///…`.
    ///
    /// - Throws: what is wrong with it, and what would be right.
    package init(_ text: String) throws(ModelPullProblem) {
        guard text.utf8.count <= 2048, text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
            throw ModelPullProblem(.invalid, "a source has at most 2048 bytes, and no spaces or control characters")
        }
        if text.hasPrefix("hf://") {
            self = .hub(try HubFile(String(text.dropFirst("hf://".count))))
        } else if text.lowercased().hasPrefix("https://") {
            self = .web(try Self.web(text))
        } else if text.hasPrefix("file:") {
            let path = text.dropFirst("file:".count)
            let plain = path.hasPrefix("///") ? path.dropFirst(2) : path
            guard plain.hasPrefix("/"), !plain.hasPrefix("//"), let decoded = plain.removingPercentEncoding else {
                throw ModelPullProblem(.invalid, "\(text) is no absolute path; write file:/models/small.gguf")
            }
            self = .file(decoded)
        } else {
            throw ModelPullProblem(
                .invalid,
                "\(text.prefix(200)) is no source; write hf://org/name[/file][@revision], https://… or file:/…"
            )
        }
    }

    /// Without what may be a secret: the query of a URL.
    package var shown: String {
        switch self {
        case .hub(let file): file.text
        case .web(let url): String(url.prefix { $0 != "?" && $0 != "#" })
        case .file(let path): "file:\(path)"
        }
    }

    /// What a model from there is called where nobody says it.
    package var suggestedName: String {
        switch self {
        case .hub(let file): Self.name(String(file.repository.split(separator: "/").last ?? ""))
        case .web, .file: Self.name(Self.stem(shown))
        }
    }

    private static func web(_ text: String) throws(ModelPullProblem) -> String {
        guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty else {
            throw ModelPullProblem(.invalid, "\(text.prefix(200)) is no URL")
        }
        guard parts.user == nil, parts.password == nil else {
            throw ModelPullProblem(.invalid, "a source may not carry a user or password")
        }
        return text
    }

    private static func stem(_ path: String) -> String {
        let last = path.split(separator: "/").last.map(String.init) ?? ""
        let decoded = last.removingPercentEncoding ?? last
        for ending in [".gguf", ".safetensors", ".onnx"] where decoded.lowercased().hasSuffix(ending) {
            return String(decoded.dropLast(ending.count))
        }
        return decoded
    }

    private static func name(_ text: String) -> String {
        let plain = text.unicodeScalars.map { scalar -> Character in
            let isKept = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            return isKept || scalar == "." || scalar == "_" || scalar == "-" ? Character(scalar) : "-"
        }
        let name = String(String(plain).drop { $0 == "." || $0 == "_" || $0 == "-" }.prefix(255))
        return name.isEmpty ? "model" : name
    }
}

/// A file of a repository of the hub.
package struct HubFile: Sendable, Equatable {
    /// `org/name`.
    package var repository: String
    /// Its path in the repository; `nil` = the one GGUF file there is.
    package var path: String?
    /// A branch, tag or commit.
    package var revision: String

    package init(repository: String, path: String?, revision: String = "main") {
        self.repository = repository
        self.path = path
        self.revision = revision
    }

    /// Reads `org/name[/file][@revision]`.
    init(_ text: String) throws(ModelPullProblem) {
        var rest = text[...]
        var revision = "main"
        if let mark = text.lastIndex(of: "@") {
            revision = String(text[text.index(after: mark)...])
            rest = text[..<mark]
        }
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 2, parts.prefix(2).allSatisfy(Self.isName) else {
            throw ModelPullProblem(.invalid, "hf://\(text) names no repository; write hf://org/name[/file][@revision]")
        }
        guard parts.dropFirst(2).allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
            throw ModelPullProblem(.invalid, "hf://\(text) names no file; write hf://org/name/folder/file.gguf")
        }
        let isRevision = revision.split(separator: "/", omittingEmptySubsequences: false)
            .allSatisfy { Self.isName(String($0)) }
        guard isRevision, revision.utf8.count <= 255 else {
            throw ModelPullProblem(
                .invalid,
                "hf://\(text) names no revision; write a branch, tag or commit behind the @"
            )
        }
        let path = parts.dropFirst(2).joined(separator: "/")
        self.init(repository: "\(parts[0])/\(parts[1])", path: path.isEmpty ? nil : path, revision: revision)
    }

    /// As it is written.
    package var text: String {
        let suffix = revision == "main" ? "" : "@\(revision)"
        return "hf://\(repository)\(path.map { "/\($0)" } ?? "")\(suffix)"
    }

    private static func isName(_ text: String) -> Bool {
        guard (1...96).contains(text.utf8.count), text != ".", text != ".." else { return false }
        return text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
        }
    }
}

/// Why a model is not pulled: the fact, and what to do about it.
package struct ModelPullProblem: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The source says nothing that can be pulled.
        case invalid = "InvalidRequest"
        /// Where it lies may not be talked to from here.
        case addressRefused = "AddressRefused"
        /// `models.offline` is set.
        case offline = "Offline"
        /// It is gated, private, or wants another token.
        case gated = "AccessRefused"
        case notFound = "NotFound"
        /// No room on the disk, or under `models.limit`.
        case noRoom = "NoRoom"
        case wrongChecksum = "WrongChecksum"
        /// The other side could not be reached, or gave no whole answer.
        case unreachable = "Unreachable"
        case interrupted = "Interrupted"
        /// Somebody did not want it any more.
        case cancelled = "Cancelled"
        /// The version is registered already, with something else.
        case conflict = "Conflict"
        case failed = "PullFailed"
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
