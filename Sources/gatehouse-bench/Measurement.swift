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

    private static let roundCount = 8
    private static let repetitions = 20_000

    /// So many results are kept before they are thrown away; few enough for the processor's cache.
    private static let kept = 100

    /// The cheapest of several rounds: what disturbs a round only ever makes it dearer.
    static func take(of work: () -> Void) -> Measurement {
        rounds { for _ in 0..<kept { work() } }
    }

    /// The same for work that makes something: it is thrown away while nothing is measured.
    static func take<Result>(making work: () -> Result) -> Measurement {
        var results: [Result] = []
        results.reserveCapacity(kept)
        return rounds {
            for _ in 0..<kept { results.append(work()) }
        } after: {
            results.removeAll(keepingCapacity: true)
        }
    }

    /// - Parameters:
    ///   - work: done `kept` times.
    ///   - rest: not measured.
    private static func rounds(_ work: () -> Void, after rest: () -> Void = {}) -> Measurement {
        var allocations = Double.infinity
        var nanoseconds = Double.infinity
        for _ in 0..<roundCount {
            var (allocated, spent) = (0, 0)
            for _ in 0..<repetitions / kept {
                let firstAllocation = callocations_count()
                let start = processorTime()
                work()
                spent += processorTime() - start
                allocated += Int(callocations_count() - firstAllocation)
                rest()
            }
            nanoseconds = min(nanoseconds, Double(spent) / Double(repetitions))
            allocations = min(allocations, Double(allocated) / Double(repetitions))
        }
        return Measurement(allocations: allocations, nanoseconds: nanoseconds)
    }

    /// As `take`, for work that goes on in other threads of this process; `exchanges` does it a number of times.
    ///
    /// What the process allocates in as long a time without it, for its own clockwork, is taken off.
    static func takeOfProcess(_ exchanges: (Int) async throws -> Void) async throws -> Measurement {
        try await exchanges(1000)
        var allocations = Double.infinity
        var nanoseconds = Double.infinity
        for _ in 0..<5 {
            let count = 5000
            let firstAllocation = callocations_count()
            let start = processorTime(CLOCK_PROCESS_CPUTIME_ID)
            let begun = ContinuousClock.now
            try await exchanges(count)
            nanoseconds = min(nanoseconds, Double(processorTime(CLOCK_PROCESS_CPUTIME_ID) - start) / Double(count))
            let lastAllocation = callocations_count()
            try await Task.sleep(for: begun.duration(to: .now))
            let idle = callocations_count() - lastAllocation
            allocations = min(allocations, Double(lastAllocation - firstAllocation - idle) / Double(count))
        }
        return Measurement(allocations: allocations, nanoseconds: nanoseconds)
    }

    /// In nanoseconds; of this thread or process only, so that what else runs on the machine does not count.
    static func processorTime(_ clock: clockid_t = CLOCK_THREAD_CPUTIME_ID) -> Int {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}
