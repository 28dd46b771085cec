import GatewayTLS
import HummingbirdCore
import Logging
import NIOCore

/// A connection of the admin listener: our TLS under Hummingbird's HTTP.
struct SecureChannel<Base: ServerChildChannel>: ServerChildChannel {
    typealias Value = Base.Value

    let base: Base
    let tls: TLSServer

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop
            .makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(tls.makeHandler()) }
            .flatMap { base.setup(channel: channel, logger: logger) }
    }

    func handle(value: Value, logger: Logger) async {
        await base.handle(value: value, logger: logger)
    }
}
