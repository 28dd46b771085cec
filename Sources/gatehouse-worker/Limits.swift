/// What a peer may make this server hold.
enum Limits {
    /// Bytes of a request's body: far more than any context holds.
    static let body = 16 << 20
}
