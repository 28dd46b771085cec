import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// The listening socket and its one event loop; the model has a thread of its own.
struct Server {
    private static let lookInterval = Duration.milliseconds(20)

    private let channel: any Channel
    private let path: String

    static func open(_ path: String, _ station: Station) async throws -> Server {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 128)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let operations = channel.pipeline.syncOperations
                    try operations.configureHTTPServerPipeline(withPipeliningAssistance: true, withErrorHandling: true)
                    try operations.addHandler(ConnectionHandler(station))
                }
            }
        // Set before the socket exists: a moment with a wider mode would be enough for somebody to connect.
        let mask = umask(0o177)
        defer { umask(mask) }
        let channel = try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        return Server(channel: channel, path: path)
    }

    /// Goes on answering until nothing more can come, within a bound, and removes the socket.
    ///
    /// Closed at once, the listener would reset connections that wait in its queue, requests and all.
    func drain(_ station: Station, within bound: Duration) async {
        let deadline = ContinuousClock.now + bound
        while !station.isQuiet, ContinuousClock.now < deadline {
            try? await Task.sleep(for: Self.lookInterval)
        }
        try? await channel.close()
        removeSocket()
    }

    func removeSocket() {
        try? FileManager.default.removeItem(atPath: path)
    }
}
