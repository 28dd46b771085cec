import Foundation

/// Puts the values of `${env:NAME}` and `${file:PATH}` in their place, for the names that the operator listed, and of
/// `${secret:NAME}` for those that the deployment has.
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

    /// The text with every reference replaced; what a value holds is no reference.
    ///
    /// - Parameter own: the deployment's secrets; `nil` for what is no deployment.
    /// - Throws: a problem that names the reference, never a value.
    package func resolve(
        _ text: String,
        resource: String,
        field: String,
        own: [String: String]? = nil
    ) throws(Problem) -> String {
        var result = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            result += rest[..<start.lowerBound]
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                throw Problem(
                    .secretRefused,
                    resource,
                    field: field,
                    "a ${ has no closing }; write ${env:NAME}, ${file:PATH} or ${secret:NAME}"
                )
            }
            do throws(Refused) {
                result += try value(of: rest[start.upperBound..<end], resource, own)
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

    private func value(
        of reference: Substring,
        _ resource: String,
        _ own: [String: String]?
    ) throws(Refused) -> String {
        if reference.hasPrefix("env:") { return try variable(String(reference.dropFirst(4))) }
        if reference.hasPrefix("file:") { return try file(String(reference.dropFirst(5))) }
        if reference.hasPrefix("secret:") { return try secret(String(reference.dropFirst(7)), resource, own) }
        let message = "${\(reference)} is not ${env:NAME}, ${file:PATH} or ${secret:NAME}"
        throw Refused(code: .secretRefused, message: message)
    }

    private func secret(_ name: String, _ resource: String, _ own: [String: String]?) throws(Refused) -> String {
        guard let own else {
            let message = "${secret:\(name)} is for headers of deployments; write the value itself, it is kept sealed"
            throw Refused(code: .secretRefused, message: message)
        }
        if let value = own[name] { return value }
        let others = own.isEmpty ? "" : " (it has \(own.keys.sorted().joined(separator: ", ")))"
        let message = "the deployment has no secret \(name)\(others)"
        guard TextRule.isName(name) else { throw Refused(code: .unknownSecret, message: message) }
        throw Refused(
            code: .unknownSecret,
            message: "\(message); run: gatehouse deployments set-secret \(resource) \(name)"
        )
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
