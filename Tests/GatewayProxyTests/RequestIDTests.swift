import Testing

@testable import GatewayProxy

@Suite struct RequestIDTests {
    @Test func `a request id is 32 hexadecimal characters`() {
        var source = RequestIDSource()
        for _ in 0..<1000 {
            let id = source.next()
            #expect(id.utf8.count == 32)
            #expect(id.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        }
    }

    @Test func `no id is made twice, whoever makes it`() {
        var sources = (0..<8).map { _ in RequestIDSource() }
        var ids = Set<String>()
        for index in 0..<40_000 { ids.insert(sources[index % 8].next()) }
        #expect(ids.count == 40_000)
    }
}
