import Foundation

/// What a line of a worker's log says, in few words.
enum WorkerWords {
    private static let longest = 500

    private struct Event: Decodable {
        let message: String
        let reason: String?
    }

    /// Message and reason of a line of JSON; any other as it is.
    ///
    /// What is long is cut.
    static func of(_ line: some StringProtocol) -> String {
        guard let event = try? JSONDecoder().decode(Event.self, from: Data(line.utf8)) else {
            return String(line.prefix(longest))
        }
        return String([event.message, event.reason].compactMap(\.self).joined(separator: ": ").prefix(longest))
    }
}
