package import NIOCore

extension RawClient {
    /// One HTTP/2 frame as it came (RFC 9113 §4.1).
    package struct Frame: Sendable {
        package let type: UInt8
        package let flags: UInt8
        package let stream: UInt32
        package var payload: ByteBuffer

        package var isData: Bool { type == 0 }
        package var isGoAway: Bool { type == 7 }
        /// Of DATA and HEADERS: the stream ends with it.
        package var endsStream: Bool { type <= 1 && flags & 1 == 1 }
    }

    package func frame() async throws -> Frame {
        var head = try await bytes(9)
        guard let start = head.readInteger(as: UInt32.self), let flags = head.readInteger(as: UInt8.self),
            let stream = head.readInteger(as: UInt32.self)
        else { throw GatewayClosed() }
        let payload = try await bytes(Int(start >> 8))
        return Frame(type: UInt8(truncatingIfNeeded: start), flags: flags, stream: stream, payload: payload)
    }
}
