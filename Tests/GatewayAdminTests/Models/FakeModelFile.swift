import Foundation

/// The smallest file that is a model: an empty one of a known architecture.
enum FakeModelFile {
    /// - Parameter name: makes its content another one.
    static func text(_ name: String = "small") -> String {
        func number(_ value: UInt32, bytes: Int) -> String {
            String(
                String.UnicodeScalarView(
                    (0..<bytes).map { Unicode.Scalar(UInt8(value >> ($0 < 4 ? $0 * 8 : 31) & 0x7f)) }
                )
            )
        }
        func text(_ text: String) -> String { number(UInt32(text.utf8.count), bytes: 8) + text }
        func entry(_ key: String, _ value: String) -> String { text(key) + number(8, bytes: 4) + text(value) }
        return "GGUF" + number(3, bytes: 4) + number(0, bytes: 8) + number(2, bytes: 8)
            + entry("general.architecture", "llama") + entry("general.name", name)
    }
}
