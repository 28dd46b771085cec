import Foundation

/// The listening socket that whoever started this process keeps open, so that a restart refuses nobody: what connects
/// meanwhile waits in the socket's queue.
///
/// The protocol is that of systemd's socket activation (sd_listen_fds(3)): `LISTEN_PID`, `LISTEN_FDS`.
struct InheritedSocket: Equatable {
    struct Refusal: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    let descriptor: CInt

    /// `nil` where nothing was handed over to this process.
    ///
    /// - Parameter first: the number of the first descriptor that is handed over.
    init?(_ environment: [String: String], process: Int32 = getpid(), first: CInt = 3) throws(Refusal) {
        guard environment["LISTEN_PID"] == String(process), let text = environment["LISTEN_FDS"] else { return nil }
        guard text == "1" else {
            throw Refusal(description: "LISTEN_FDS is \(text): hand over one socket, that of listen.gateway")
        }
        descriptor = first
        try check()
    }

    private func check() throws(Refusal) {
        var listens: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        let answer = unsafe getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size)
        guard answer == 0, listens == 1 else {
            throw Refusal(description: "LISTEN_FDS: descriptor \(descriptor) is not a socket that listens")
        }
    }

    /// Keeps it from the programs that this one starts.
    func keep() {
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsafe unsetenv(name) }
    }
}
