import ArgumentParser
import Foundation

/// A span of time on the command line: `24h`, `30d`, `PT1H`, or seconds.
extension HumaneDuration: ExpressibleByArgument {
    init?(argument: String) {
        self.init(argument)
    }
}

/// When something ends, on the command line: a time, or a span from now.
struct FutureTime: ExpressibleByArgument, Equatable {
    let date: Date

    init?(argument: String) {
        guard let date = HumaneTime.read(argument, .future, now: Date()) else { return nil }
        self.date = date
    }

    var text: String { HumaneTime.text(date) }
}

/// When something began, on the command line: a time, or a span before now.
struct PastTime: ExpressibleByArgument, Equatable {
    let date: Date

    init?(argument: String) {
        guard let date = HumaneTime.read(argument, .past, now: Date()) else { return nil }
        self.date = date
    }

    var text: String { HumaneTime.text(date) }
}
