/// How often exported captures go on in another file.
package enum RollingRate: String, Sendable, Hashable, Codable, CaseIterable {
    case minute
    case hour
    case day
    case month
    case year
}
