extension WorkerSupervisor {
    /// What the supervisor tells, and asks; none of it may block.
    package struct Reports: Sendable {
        /// Whether the instance on a socket may be sent requests.
        let instance: @Sendable (_ socket: String, _ isReady: Bool) -> Void
        /// No instance is kept on a socket any more.
        let retired: @Sendable (_ socket: String) -> Void
        /// What requests may expect of a specification's workers, by the socket of the first.
        let pool: @Sendable (_ socket: String, WorkerPoolState) -> Void
        /// Whether the instance on a socket has no request any more.
        let isIdle: @Sendable (_ socket: String) -> Bool

        package init(
            instance: @escaping @Sendable (_ socket: String, _ isReady: Bool) -> Void,
            retired: @escaping @Sendable (_ socket: String) -> Void = { _ in },
            pool: @escaping @Sendable (_ socket: String, WorkerPoolState) -> Void = { _, _ in },
            isIdle: @escaping @Sendable (_ socket: String) -> Bool = { _ in true }
        ) {
            self.instance = instance
            self.retired = retired
            self.pool = pool
            self.isIdle = isIdle
        }
    }
}
