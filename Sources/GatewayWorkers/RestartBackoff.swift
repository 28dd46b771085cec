/// How long to wait before a worker that died is started again: twice as long each time, until it has lived for a while.
struct RestartBackoff: Equatable {
    static let shortest = Duration.milliseconds(100)
    static let longest = Duration.seconds(30)
    /// A worker that lived so long was healthy: its death starts the count anew.
    static let healthyAfter = Duration.seconds(60)

    private(set) var failures = 0

    mutating func delay(afterRunning lifetime: Duration) -> Duration {
        if lifetime >= Self.healthyAfter { failures = 0 }
        failures += 1
        // 0.1 s doubled nine times is past the longest; the shift never overflows.
        return min(Self.longest, Self.shortest * (1 << min(failures - 1, 9)))
    }
}
