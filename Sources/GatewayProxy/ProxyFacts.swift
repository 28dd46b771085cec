package import GatewayCore
package import GatewayTLS

/// What the data plane tells of itself as a whole.
package struct ProxyFacts: Sendable {
    /// Those that are not over.
    package let exchanges: Int
    /// Of clients.
    package let connections: Int
    package let handshakes: HandshakeCounts
    /// Of each event loop.
    package let lags: [Histogram]
}
