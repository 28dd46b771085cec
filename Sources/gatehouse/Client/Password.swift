import Foundation

/// A password that a person types, or a program writes to standard input.
enum Password {
    static func ask(_ prompt: String) throws -> String {
        guard isatty(STDIN_FILENO) == 1 else {
            guard let line = readLine() else { throw ClientError("no password came on standard input") }
            return line
        }
        guard let typed = unsafe getpass(prompt) else { throw ClientError("the password cannot be read") }
        return unsafe String(cString: typed)
    }
}
