import NIOCore

/// Everything a peer can grow, and every time a peer can take, has its bound here (SECURITY sections 1 to 4).
enum Limits {
    // Heads: the guard counts first, NIO's decoder again.
    static let headBytes = 64 << 10
    static let headFields = 200
    static let responseHeadBytes = 64 << 10
    static let interimResponses = 100
    /// Upstream bytes that make neither a head nor body: reason phrases, chunk extensions, trailers.
    static let silentResponseBytes = 128 << 10

    // Bodies.
    /// Request bytes that wait for a connection before the client is no longer read.
    static let waitingBody: Int = 256 << 10
    /// Request bytes kept so that the request can be sent again.
    static let replayableBody: Int = 64 << 10
    /// The same where the endpoint has a fallback, which must be sent all of it.
    static let replayableBodyWithFallback: Int = 1 << 20
    /// An event of a stream whose usage is read; a longer one passes unread.
    static let heldEvent: Int = 1 << 20
    /// Unicode scalars of a model's name that are told of it.
    static let modelName: Int = 256
    /// What is kept of an answer whose trace is told, to read what it says of itself.
    static let tracedAnswer: Int = 64 << 10
    /// What is read and thrown away behind an answer that came before its request's end: more than two kernels' buffers hold,
    /// so that a client that stops on the answer keeps its connection.
    static let discardedBody: Int = 16 << 20

    // Mirrored calls: what goes over these is dropped and counted.
    /// Of one target, over all event loops.
    static let mirrorCalls = 256
    /// Request bytes that all of them hold.
    static let mirrorBytes: Int = 128 << 20
    /// Request bytes of one that its mirror has not taken.
    static let mirrorBacklog: Int = 1 << 20
    static let mirrorAnswer: Int64 = 64 << 20
    /// How long a gateway that stops waits for those that run.
    static let mirrorFarewell: Duration = .seconds(2)

    /// Of a request to the built-in issuer.
    static let issuerBody: Int = 16 << 10

    // Times.
    static let handshake: TimeAmount = .seconds(10)
    static let head: TimeAmount = .seconds(10)
    /// A body must bring `bodyProgress` bytes in each window, or `slowWindows` in a row end the request.
    static let bodyWindow: TimeAmount = .seconds(5)
    static let bodyProgress = 512 * 5
    static let slowWindows = 5
    /// A client that does not read.
    static let stalledClient: TimeAmount = .seconds(55)
    static let idleStream: TimeAmount = .seconds(300)
    static let connect: TimeAmount = .seconds(3)
    /// Within what its supervisor knows that a worker has died, in nanoseconds.
    static let workerLoss: Int64 = 100_000_000
    /// Shorter than the keep-alive of common servers (uvicorn's 5 s), so that we are the side that closes.
    static let idleUpstream: TimeAmount = .seconds(4)
    /// How long a client has to take the last answer before the socket closes.
    static let linger: TimeAmount = .seconds(2)
    /// How much later an address with too many refused credentials hears of the next.
    static let failureDelay: TimeAmount = .milliseconds(500)

    // HTTP/2.
    static let streams = 100
    static let streamWindow = 64 << 10
    static let connectionWindow = 1 << 20
}
