package import NIOCore

/// The caller's hold on a transfer.
///
/// Everything may be called from any thread; on the transfer's event loop it takes effect at once.
package struct CurlTransfer: Sendable {
    let link: TransferLink

    /// Whether the upload buffer has room; when it had none, `curlWritable` says when it has again.
    package var isWritable: Bool { link.isWritable }

    /// Adds to the request body.
    package func write(_ bytes: ByteBuffer) {
        link.write(bytes)
    }

    /// The request body is complete.
    ///
    /// - Parameter trailers: they follow a body of unknown length over HTTP/1.1 and are lost otherwise: libcurl sends none
    ///   over HTTP/2.
    package func end(trailers: [(String, String)] = []) {
        link.end(trailers: trailers)
    }

    /// Ends the transfer; the delegate is let go and hears nothing more.
    package func cancel() {
        link.cancel()
    }

    /// Holds back further events, the end included; libcurl stops reading when the window is full.
    package func pause() {
        link.pause()
    }

    /// Lets events pass again.
    package func resume() {
        link.resume()
    }
}
