import Foundation
import Yams

/// A gateway that commands can be told to speak to.
struct Context: Codable, Equatable {
    var name: String
    /// `https://host:port`.
    var server: String
    /// PEM file of the CA that signed its certificate; left out, the system's.
    var ca: String?
    var token: String?
}

/// The gateways that a person works with, and which one is in use; a file that only they can read.
struct ContextBook: Codable, Equatable {
    /// The name of the one in use.
    var current: String?
    var contexts: [Context] = []

    func find(_ name: String) throws -> Context {
        if let found = contexts.first(where: { $0.name == name }) { return found }
        let known = contexts.map(\.name).joined(separator: ", ")
        throw ClientError("there is no context \(name)", details: ["known: \(known.isEmpty ? "none" : known)"])
    }

    var used: Context? { current.flatMap { name in contexts.first { $0.name == name } } }

    /// Replaces the one with the same name, or adds it; the first one is in use at once.
    mutating func put(_ context: Context) {
        contexts.removeAll { $0.name == context.name }
        contexts.append(context)
        contexts.sort { $0.name < $1.name }
        if current == nil { current = context.name }
    }

    mutating func remove(_ name: String) throws {
        _ = try find(name)
        contexts.removeAll { $0.name == name }
        if current == name { current = nil }
    }

    /// `GATEHOUSE_CONTEXTS`, else `gatehouse/contexts.yaml` in the user's folder of configurations.
    static func path(_ environment: [String: String]) -> String {
        if let path = environment["GATEHOUSE_CONTEXTS"], !path.isEmpty { return path }
        let folder = environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 }
        let home = environment["HOME"] ?? FileManager.default.homeDirectoryForCurrentUser.path
        return (folder ?? "\(home)/.config") + "/gatehouse/contexts.yaml"
    }

    static func load(_ path: String) throws -> ContextBook {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { return ContextBook() }
        if let mode = attributes[.posixPermissions] as? Int, mode & 0o077 != 0 {
            throw ClientError("\(path) holds tokens and may be read by others; run: chmod 600 \(path)")
        }
        do {
            return try YAMLDecoder().decode(ContextBook.self, from: String(contentsOfFile: path, encoding: .utf8))
        } catch {
            throw ClientError("\(path) cannot be read", details: ["remove it to begin anew"])
        }
    }

    /// A whole new file in place of the one before.
    func save(_ path: String) throws {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        let draft = "\(path).\(UUID().uuidString)"
        let made = FileManager.default.createFile(
            atPath: draft,
            contents: Data(try YAMLEncoder().encode(self).utf8),
            attributes: [.posixPermissions: 0o600]
        )
        guard made, unsafe rename(draft, path) == 0 else { throw ClientError("\(path) cannot be written") }
    }
}
