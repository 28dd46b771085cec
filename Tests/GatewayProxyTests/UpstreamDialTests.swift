import Foundation
import GatewayCore
import NIOCore
import NIOPosix
import Testing

@testable import GatewayProxy

@Suite struct UpstreamDialTests {
    private static let timeout = TimeAmount.milliseconds(50)

    private func dial(_ loop: any EventLoop) -> UpstreamDial {
        UpstreamDial(loop: loop, isAddressAllowed: { _ in true }, timeout: Self.timeout)
    }

    @Test func `a loop that was busy for longer than a connect may take does not blame the instance`() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let server = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        let instance = try InstanceAddress.parse("http://127.0.0.1:\(port)").get()
        let busy = group.next()
        let connected = busy.flatSubmit { [dial = dial(busy)] in
            let connected = dial.connect(to: instance) { $0.eventLoop.makeSucceededVoidFuture() }
            // The connection is there at once, but the loop sees its timer first.
            Thread.sleep(forTimeInterval: 0.2)
            return connected
        }
        try await connected.get().close()
        try await server.close()
    }

    @Test func `an instance that does not answer is given up once`() async throws {
        // An address for documentation (RFC 5737): nobody answers there, or the system knows no way to it.
        let instance = try InstanceAddress.parse("http://192.0.2.1:9").get()
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        await #expect(throws: (any Error).self) {
            _ = try await loop.flatSubmit { [dial = dial(loop)] in
                dial.connect(to: instance) { $0.eventLoop.makeSucceededVoidFuture() }
            }.get()
        }
    }
}
