import Foundation

/// The wall clock as the API writes it.
enum Clock {
    static var seconds: Int { Int(Date.now.timeIntervalSince1970) }
}
