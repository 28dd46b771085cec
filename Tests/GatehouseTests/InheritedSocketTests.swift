import Foundation
import Testing

@testable import gatehouse

@Suite struct InheritedSocketTests {
    private func read(_ environment: [String: String], first: CInt = 3) throws -> InheritedSocket? {
        try InheritedSocket(environment, process: 7, first: first)
    }

    @Test(arguments: [[:], ["LISTEN_FDS": "1"], ["LISTEN_PID": "8", "LISTEN_FDS": "1"], ["LISTEN_PID": "7"]])
    func `what was not handed over to this process is left alone`(environment: [String: String]) throws {
        #expect(try read(environment) == nil)
    }

    @Test(arguments: ["0", "2", "x"]) func `there is one socket to hand over`(count: String) {
        let message = "LISTEN_FDS is \(count): hand over one socket, that of listen.gateway"
        #expect(throws: InheritedSocket.Refusal(description: message)) {
            try read(["LISTEN_PID": "7", "LISTEN_FDS": count])
        }
    }

    @Test func `only a socket that listens is taken`() throws {
        let socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        let environment = ["LISTEN_PID": "7", "LISTEN_FDS": "1"]
        #expect(throws: InheritedSocket.Refusal.self) { try read(environment, first: socket) }
        #expect(listen(socket, 1) == 0)
        let taken = try #require(try read(environment, first: socket))
        #expect(taken.descriptor == socket)
    }
}
