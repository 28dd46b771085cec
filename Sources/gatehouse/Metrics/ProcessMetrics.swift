import Foundation
import GatewayCore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What every Prometheus client tells of its own process, by the names that they all use; empty where there is no `/proc`.
struct ProcessMetrics {
    /// Seconds since 1970.
    let startedAt: Double

    var families: [MetricFamily] {
        [
            family(.counter, "process_cpu_seconds", "Time on the processors.", cpuSeconds.map { .number($0) }),
            family(.gauge, "process_resident_memory_bytes", "Memory.", residentBytes.map { .count($0) }),
            family(.gauge, "process_open_fds", "Open files and sockets.", openFiles.map { .count($0) }),
            family(.gauge, "process_max_fds", "Files and sockets that may be open.", mostFiles.map { .count($0) }),
            family(.gauge, "process_start_time_seconds", "When it began, in seconds since 1970.", .number(startedAt)),
        ]
    }

    private func family(
        _ kind: MetricFamily.Kind,
        _ name: String,
        _ help: String,
        _ value: MetricFamily.Value?
    ) -> MetricFamily {
        MetricFamily(kind, name, help, value.map { [MetricFamily.Sample([], $0)] } ?? [])
    }

    private var cpuSeconds: Double? {
        var usage = rusage()
        #if canImport(Glibc)
            let own = __rusage_who_t(RUSAGE_SELF.rawValue)
        #else
            let own = RUSAGE_SELF
        #endif
        guard unsafe getrusage(own, &usage) == 0 else { return nil }
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1_000_000 }
    }

    private var residentBytes: Int64? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int64($0) })
        else { return nil }
        return pages * Int64(sysconf(Int32(_SC_PAGESIZE)))
    }

    private var openFiles: Int64? {
        // The folder itself is open while it is read.
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")).map { Int64($0.count - 1) }
    }

    private var mostFiles: Int64? {
        guard let text = try? String(contentsOfFile: "/proc/self/limits", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Max open files") })
        else { return nil }
        return line.split(separator: " ").dropFirst(3).first.flatMap { Int64($0) }
    }
}
