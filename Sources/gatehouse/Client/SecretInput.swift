import Foundation

/// A secret that a person types, or that comes from standard input or a file: never an argument, which everybody on the
/// machine can read in the list of processes.
enum SecretInput {
    private static let largest = 64 << 10

    /// Without the line's end.
    ///
    /// - Parameter file: `nil` = standard input.
    static func read(file: String?) throws -> String {
        if file == nil, isatty(STDIN_FILENO) == 1 { return try Password.ask("value of the secret: ") }
        let source = file ?? "standard input"
        guard let handle = file.map({ FileHandle(forReadingAtPath: $0) }) ?? FileHandle.standardInput,
            let text = text(of: handle)
        else { throw ClientError("\(source) cannot be read as text of at most \(largest >> 10) KiB") }
        let value = Self.line(text)
        guard !value.isEmpty else { throw ClientError("\(source) is empty; no secret was set") }
        return value
    }

    private static func text(of handle: FileHandle) -> String? {
        do {
            // At its end there is nothing, which is no failure.
            let bytes = try handle.read(upToCount: largest + 1) ?? Data()
            return bytes.count <= largest ? String(data: bytes, encoding: .utf8) : nil
        } catch {
            return nil
        }
    }

    /// `echo` and editors end a line that is no part of the secret.
    static func line(_ text: String) -> String {
        var scalars = text.unicodeScalars[...]
        if scalars.last == "\n" { scalars.removeLast() }
        if scalars.last == "\r" { scalars.removeLast() }
        return String(scalars)
    }
}
