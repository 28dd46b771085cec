import CAllocations

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What one round of a piece of work costs.
struct Measurement {
    let allocations: Double
    let nanoseconds: Double

    private static let rounds = 7
    private static let repetitions = 20_000

    /// The cheapest of several rounds: what disturbs a round only ever makes it dearer.
    static func take(of work: () -> Void) -> Measurement {
        for _ in 0..<repetitions / 10 { work() }
        var allocations = Double.infinity
        var nanoseconds = Double.infinity
        for _ in 0..<rounds {
            let firstAllocation = callocations_count()
            let start = processorTime()
            for _ in 0..<repetitions { work() }
            nanoseconds = min(nanoseconds, Double(processorTime() - start) / Double(repetitions))
            allocations = min(allocations, Double(callocations_count() - firstAllocation) / Double(repetitions))
        }
        return Measurement(allocations: allocations, nanoseconds: nanoseconds)
    }

    /// Of this thread, in nanoseconds: what else runs on the machine does not count.
    private static func processorTime() -> Int {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}
