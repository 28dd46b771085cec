import NIOCore

extension TLSHandler {
    /// Encrypts what waits and sends it as one buffer.
    func encryptQueue(_ context: ChannelHandlerContext) {
        isFlushWanted = false
        guard let engine else { return }
        while let bytes = queue.popFirst() {
            do {
                try engine.encrypt(bytes)
            } catch {
                return fail(error, context)
            }
        }
        let promise = promise
        self.promise = nil
        sendProduced(context, promise: promise, isFlush: true)
    }

    /// Sends what OpenSSL made, if anything; a promise or a flush from above goes down even without bytes.
    func sendProduced(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?, isFlush: Bool = false) {
        if let ciphertext = engine?.takeProduced() {
            context.writeAndFlush(wrapOutboundOut(ciphertext), promise: promise)
        } else if let promise {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: promise)
        } else if isFlush {
            context.flush()
        }
    }

    func failWrites(_ error: any Error) {
        queue = PlaintextQueue()
        let promise = promise
        self.promise = nil
        promise?.fail(error)
    }
}
