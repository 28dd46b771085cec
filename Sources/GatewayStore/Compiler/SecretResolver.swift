import Foundation

/// Puts the values of `${env:NAME}` and `${file:PATH}` in their place, for the names that the operator listed.
package struct SecretResolver: Sendable {
    private static let largestFile = 64 << 10

    private let env: Set<String>
    private let files: Set<String>
    private let environment: [String: String]

    /// - Parameters:
    ///   - env: variables that may be read.
    ///   - files: files that may be read, or folders whose files may.
    package init(
        env: Set<String> = [],
        files: Set<String> = [],
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        self.env = env
        self.files = files
        self.environment = environment
    }

    /// The text with every reference replaced.
    ///
    /// - Throws: a problem that names the reference, never a value.
    func resolve(_ text: String, resource: String, field: String) throws(Problem) -> String {
        var result = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            result += rest[..<start.lowerBound]
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                throw Problem(
                    .secretRefused,
                    resource,
                    field: field,
                    "a ${ has no closing }; write ${env:NAME} or ${file:PATH}"
                )
            }
            do throws(Refused) {
                result += try value(of: rest[start.upperBound..<end])
            } catch {
                throw Problem(error.code, resource, field: field, error.message)
            }
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    /// Why a reference has no value.
    private struct Refused: Error {
        let code: Problem.Code
        let message: String
    }

    private func value(of reference: Substring) throws(Refused) -> String {
        if reference.hasPrefix("env:") { return try variable(String(reference.dropFirst(4))) }
        if reference.hasPrefix("file:") { return try file(String(reference.dropFirst(5))) }
        throw Refused(code: .secretRefused, message: "${\(reference)} is not ${env:NAME} or ${file:PATH}")
    }

    private func variable(_ name: String) throws(Refused) -> String {
        guard env.contains(name) else {
            throw Refused(
                code: .secretRefused,
                message: "secrets.env in gatehouse.yaml does not list \(name); add it there"
            )
        }
        guard let value = environment[name], !value.isEmpty else {
            throw Refused(
                code: .secretUnreadable,
                message: "the gateway's environment has no \(name); set it and start again"
            )
        }
        return value
    }

    private func file(_ path: String) throws(Refused) -> String {
        guard path.hasPrefix("/"), isListed(path) else {
            throw Refused(
                code: .secretRefused,
                message:
                    "secrets.files in gatehouse.yaml does not list \(path) (absolute, links resolved); add it there"
            )
        }
        guard let handle = FileHandle(forReadingAtPath: path),
            let bytes = try? handle.read(upToCount: Self.largestFile + 1), bytes.count <= Self.largestFile,
            let text = String(data: bytes, encoding: .utf8)
        else {
            throw Refused(code: .secretUnreadable, message: "\(path) cannot be read as text of at most 64 KiB")
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Links are followed first, so that a link in a listed folder opens nothing outside of it.
    private func isListed(_ path: String) -> Bool {
        let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
        return files.contains { entry in
            let listed = URL(fileURLWithPath: entry).resolvingSymlinksInPath().standardizedFileURL.path
            return real == listed || real.hasPrefix(listed == "/" ? "/" : listed + "/")
        }
    }
}
