import Dispatch
import Foundation
import Logging

/// SIGTERM and SIGINT: the first asks the station to stop, the second ends the process now.
enum StopSignals {
    /// Works as long as what it returns is kept.
    static func watch(_ station: Station, _ log: Logger) -> [any DispatchSourceSignal] {
        // A client that is gone shows as a failed write, not as a signal.
        _ = signal(SIGPIPE, SIG_IGN)
        return [SIGTERM, SIGINT].map { number in
            _ = signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                log.info("stopping")
                if station.stop() == .now { _exit(0) }
            }
            source.activate()
            return source
        }
    }
}
