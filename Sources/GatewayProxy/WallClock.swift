#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The time of day, for receipts; limits and timers use monotonic clocks.
enum WallClock {
    /// Microseconds since 1970.
    static func now() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
