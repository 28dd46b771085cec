package import NIOCore

/// Fired outbound before a close that must not look like a clean end: no close_notify is sent (RFC 8446 §6.1).
package struct TLSAbort: Sendable {
    package init() {}
}

extension TLSHandler {
    /// How long a close waits for a peer that does not take the last bytes.
    private static let lingering = TimeAmount.seconds(2)

    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch (mode, state) {
        case (.input, _), (.all, .idle), (.all, .closed), (.output, .idle), (.output, .closed):
            context.close(mode: mode, promise: promise)
        case (.output, .handshaking), (.output, .open), (.output, .closing):
            failWrites(ChannelError.outputClosed)
            let sent = context.eventLoop.makePromise(of: Void.self)
            sendCloseNotify(context, promise: sent)
            sent.futureResult.assumeIsolated().whenComplete { _ in context.close(mode: .output, promise: promise) }
        case (.all, .handshaking), (.all, .open), (.all, .closing):
            failWrites(ChannelError.ioOnClosedChannel)
            closeChannel(context, promise: promise)
        }
    }

    package func triggerUserOutboundEvent(
        context: ChannelHandlerContext,
        event: Any,
        promise: EventLoopPromise<Void>?
    ) {
        guard event is TLSAbort else { return context.triggerUserOutboundEvent(event, promise: promise) }
        isCloseNotifySent = true
        promise?.succeed()
    }

    /// The peer will send nothing more: answer in kind and close, as a TCP channel does at the end of its input.
    func peerClosed(_ context: ChannelHandlerContext) {
        state = .closing
        context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        guard state == .closing else { return }
        closeChannel(context, promise: nil)
    }

    /// Sends the alert that OpenSSL may have made, says why, and closes.
    func fail(_ error: TLSError, _ context: ChannelHandlerContext) {
        if state == .handshaking { handshakes?.end(isDone: false) }
        state = .closing
        // After a failure OpenSSL has sent its alert, or must not speak at all.
        isCloseNotifySent = true
        failWrites(error)
        context.fireErrorCaught(error)
        guard state == .closing else { return }
        closeChannel(context, promise: nil)
    }

    /// Closing drops what the socket has not taken, so the last bytes get a moment to leave.
    private func closeChannel(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        state = .closing
        let sent = context.eventLoop.makePromise(of: Void.self)
        var isDone = false
        sendCloseNotify(context, promise: sent)
        var timer: Scheduled<Void>?
        sent.futureResult.assumeIsolated().whenComplete { _ in
            isDone = true
            timer?.cancel()
            context.close(mode: .all, promise: promise)
        }
        guard !isDone else { return }
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.lingering) {
            if !isDone { context.close(mode: .all, promise: nil) }
        }
    }

    private func sendCloseNotify(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>) {
        if !isCloseNotifySent {
            isCloseNotifySent = true
            engine?.shutDown()
        }
        sendProduced(context, promise: promise)
    }
}
