import GatewayCore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Measures what a request costs in this process, and fails when a case costs more than it may.
///
/// Allocations are the first measure: they are exact and the same on every machine. The bounds of time are wide.
@main struct Bench {
    static func main() async {
        if CommandLine.arguments.dropFirst().first == "captures" { return await measureCaptures() }
        print("case", "allocations (bound)", "CPU ns (bound)", separator: "\t")
        var hasPassed = true
        var times: [String: Double] = [:]
        do {
            for entry in try Entry.all() {
                let result = try await entry.measure()
                let isWithin = entry.allows(result, after: times)
                print(
                    entry.name,
                    "\(result.allocations.hundredths) (\(entry.allocations))",
                    "\(result.nanoseconds.hundredths) (\(entry.bound(after: times).hundredths))",
                    isWithin ? "ok" : "OVER",
                    separator: "\t"
                )
                hasPassed = hasPassed && isWithin
                times[entry.name] = result.nanoseconds
            }
        } catch {
            print("a case does not work: \(error)")
            hasPassed = false
        }
        if !hasPassed { exit(1) }
    }

    private static func measureCaptures() async {
        do {
            let count = CommandLine.arguments.dropFirst(2).first.flatMap { Int($0) } ?? 1_000_000
            guard try await CaptureBench.run(count: count) else { exit(1) }
        } catch {
            print("captures do not work: \(error)")
            exit(1)
        }
    }
}

extension Double {
    /// Two digits behind the point.
    fileprivate var hundredths: Double { (self * 100).rounded() / 100 }
}
