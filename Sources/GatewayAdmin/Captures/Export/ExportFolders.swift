import Foundation
import GatewayCore

/// Where the lines of an export lie: folders by names and by time.
enum ExportFolders {
    /// The last part of a file's name: what one gateway writes stands in one file.
    static let instance = "gatehouse"

    /// Names as parts of a path: whatever they are made of, they lead to no other folder.
    static func path(_ names: [String]) -> String { names.map(part).joined(separator: "/") }

    /// The folders of a moment: `2026/12/31/18` at a rate of an hour.
    ///
    /// - Parameter microseconds: since 1970.
    static func time(_ microseconds: Int64, _ rate: RollingRate) -> String {
        let digits =
            switch rate {
            case .year: 4
            case .month: 7
            case .day: 10
            case .hour: 13
            case .minute: 16
            }
        let text = WireTime.text(Int64((Double(microseconds) / 1_000_000).rounded(.down))).prefix(digits)
        return String(text.map { "-T:".contains($0) ? "/" : $0 })
    }

    private static func part(_ name: String) -> String {
        guard !name.isEmpty, name.contains(where: { $0 != "." }) else { return "_" + name }
        return String(
            decoding: name.utf8.flatMap { byte -> [UInt8] in
                switch byte {
                case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                    [byte]
                default: Array("%\(byte < 16 ? "0" : "")\(String(byte, radix: 16, uppercase: true))".utf8)
                }
            },
            as: UTF8.self
        )
    }
}
