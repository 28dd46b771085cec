import ArgumentParser
import Foundation

/// A span of time on the command line: `24h`, `30d`, `PT1H`, or seconds.
extension HumaneDuration: ExpressibleByArgument {
    init?(argument: String) {
        self.init(argument)
    }
}

/// When something ends, on the command line: a time, or a span from now.
struct FutureTime: Equatable {
    let date: Date

    init(_ text: String) throws(ClientError) {
        guard let date = HumaneTime.read(text, .future, now: Date()) else {
            throw ClientError(HumaneTime.problem(text))
        }
        self.date = date
    }

    var text: String { HumaneTime.text(date) }
}

/// When something began, on the command line: a time, or a span before now.
struct PastTime: Equatable {
    let date: Date

    init(_ text: String) throws(ClientError) {
        guard let date = HumaneTime.read(text, .past, now: Date()) else {
            throw ClientError(HumaneTime.problem(text))
        }
        // As far as the server is told.
        self.date = Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down))
    }

    var text: String { HumaneTime.text(date) }

    /// Between them there must be something.
    static func check(_ since: PastTime?, _ until: PastTime?) throws {
        guard let since, let until, since.date >= until.date else { return }
        throw ValidationError(
            "--since must be before --until: there is nothing between \(since.text) and \(until.text)"
        )
    }
}
